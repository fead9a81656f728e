"""Names of outlets and institutions that articles give as their sources, so that a line of bare names can be split."""

from __future__ import annotations

#: As they are written in source lines. A leading "The" is listed only where the name is an everyday word without it.
OUTLETS = frozenset(
    " ".join(name.split())
    for name in """
    A News; ABC News; Adamas Intelligence; AFP; African Development Bank; African Union; Africanews; Agence France-Presse;
    Al Arabiya; Al Jazeera; Al Jazeera English; American Ceramic Society; American Journal of International Law;
    Amnesty International; Anadolu; Anadolu Agency; ANI; ANSA; AP; AP News; APnews; Argus; Argus Media; Ars Technica;
    Asahi Shimbun; Asharq Al-Awsat; Asia Times; Asian Development Bank; Associated Press; Atlantic Council;
    Australian Associated Press; Australian Broadcasting Corporation; Australian Bureau of Statistics; Australian Financial Review;
    Australian Mining; Australian Mining Review; Automotive News; Automotive World; Axios; Balkan Green Energy News; Baltimore Sun;
    Bank for International Settlements; Bank of America; Bank of Canada; Bank of England; Bank of Japan; Barron's; BBC; BBC Mundo;
    BBC News; BBC Sport; BBC World Service; Belga; Benchmark Mineral Intelligence; BEST Magazine; Bild; BizNews; Bloomberg;
    Bloomberg Law; Bloomberg News; Bloomberg TV; BloombergNEF; Boise State Public Radio; Boston Globe; British Geological Survey;
    Brookings; Brookings Institution; Brussels Times; Bundesbank; Bureau of Labor Statistics; Business Insider; Business Standard;
    Business Wire; BuzzFeed News; C-SPAN; C4ADS; Caixin; Caixin Global; Canadian Press; Canadian Recycler;
    Carnegie Endowment for International Peace; CBC; CBC News; CBS; CBS News; CDC; Census Bureau;
    Center for Strategic and International Studies; Centers for Disease Control and Prevention; Central News Agency; CGTN;
    Channel 4 News; Channel NewsAsia; Chatham House; Chicago Tribune; China Daily; Chosun Ilbo; Christian Science Monitor;
    Circular Energy Storage; CNA; CNBC; CNBC TV18; CNET; CNN; CNN Business; CNN International; Cobalt Institute; CoinDesk;
    Columbia Journalism Review; Congressional Budget Office; Congressional Research Service; Corriere della Sera;
    Council of Europe; Council of the European Union; Council on Foreign Relations; CSIS; Daily Mail; Daily Maverick;
    Daily Telegraph; Dallas Morning News; Darton Commodities; Dawn; Deep Sea Conservation Coalition; Defense News;
    Department of Commerce; Department of Defense; Department of Energy; Department of Justice; Department of State;
    Department of the Interior; Der Spiegel; Detroit News; Deutsche Presse-Agentur; Deutsche Welle; Dow Jones; Dow Jones Newswires;
    DPA; DW; DW News; E&E News; Earth Negotiations Bulletin; Economic Times; EFE; EIA; El Mundo; El País; El Universal; Electrek;
    Engadget; EPA; ESA; ESPN; ESS News; EUobserver; EURACTIV; Euronews; European Central Bank; European Commission;
    European Council; European Court of Auditors; European Environment Agency; European Investment Bank; European Medicines Agency;
    European Parliament; European Pravda; European Space Agency; European Union; European Western Balkans; Europol; Eurostat;
    Evening Standard; FAO; Fastmarkets; FDA; Federal Reserve; Federation of American Scientists; Financial Express; Financial Post;
    Financial Times; Folha de S.Paulo; Food and Agriculture Organization; Forbes; Foreign Affairs; Foreign Policy; Fortune;
    Fox Business; Fox News; France 24; France Info; Frankfurter Allgemeine Zeitung; FT; G20; G7; GAO; GeekWire;
    Geological Survey of Canada; Geoscience Australia; Global News; Global Times; Global Trade Alert; Global Witness; GlobalData;
    Globe and Mail; Goldman Sachs; Government Accountability Office; Green Car Congress; Greenpeace; Guardian; Guardian Australia;
    Haaretz; Handelsblatt; Harvard Business Review; Hindustan Times; Holland & Knight; Hollywood Reporter; Houston Chronicle;
    Hromadske; HuffPost; Human Rights Watch; IAEA; ICAO; IEA; IHS Markit; ILO; IMF; Independent; India Today; Indian Express;
    Inside Defense; InsideEVs; Interfax; International Atomic Energy Agency; International Committee of the Red Cross;
    International Court of Justice; International Criminal Court; International Crisis Group; International Energy Agency;
    International Labour Organization; International Monetary Fund; International Nickel Study Group;
    International Organization for Migration; International Renewable Energy Agency; Interpol; Investing News Network;
    Investing.com; Investopedia; IOM3; IPCC; IRENA; Irish Examiner; Irish Independent; Irish Times; Jakarta Post; Japan Times;
    Jerusalem Post; Jiji Press; JOGMEC; JoongAng Daily; JPMorgan; Kallanish; Katadata; KBS; KBS World; Khaleej Times; Kitco;
    Kitco News; Kommersant; Korea Herald; Korea JoongAng Daily; Korea Times; Kyiv Independent; Kyiv Post; Kyodo; Kyodo News;
    L.A. Times; La Repubblica; La Stampa; La Tercera; LA Times; Le Figaro; Le Monde; Le Soir; Les Echos; Live Mint;
    Los Angeles Times; Maeil Business Newspaper; Mainichi; Mainichi Shimbun; Manufacturers' Monthly; MarketWatch; McKinsey;
    McKinsey & Company; Meduza; Metal Bulletin; METI; Miami Herald; Middle East Eye; Mining Journal; Mining Magazine;
    Mining Technology; Mining Weekly; MINING.COM; Mining.com; Miningmx; Mint; MIT News; MIT Technology Review; Morningstar;
    Moscow Times; MSNBC; Médecins Sans Frontières; NASA; National Bureau of Economic Research; National Geographic;
    National Hurricane Center; National Institutes of Health; National Oceanic and Atmospheric Administration; National Post;
    National Review; National Weather Service; NATO; Natural Resources Canada; Natural Resources Defense Council; Nature;
    Nature News; NBC; NBC News; NDTV; New Indian Express; New Republic; New Scientist; New Statesman; New York Post;
    New York Times; New Yorker; New Zealand Herald; Newsweek; NHK; NHK World; NIH; Nikkei; Nikkei Asia; Nikkei Asian Review; NOAA;
    Northern Miner; Novaya Gazeta; NPR; NRC; NZ Herald; O Globo; OECD; Office for National Statistics; Oilprice.com; OPEC; OSCE;
    Our World in Data; Oxfam; PA Media; Particle News; PBS; PBS NewsHour; Pentagon; Peterson Institute for International Economics;
    Pew Research Center; Philadelphia Inquirer; Platts; PNAS; Politico; Politico Europe; PR Newswire; Press Association;
    Press Trust of India; Project Blue; ProPublica; PTI; Quanta Magazine; Quartz; Radio Free Asia; Radio Free Europe;
    Radio Free Europe/Radio Liberty; Radio New Zealand; RAI; RAND; RAND Corporation; Rappler; Rawmaterials.net; Recycling Today;
    Red Cross; Reserve Bank of Australia; Reserve Bank of India; Rest of World; Reuters; RFI; RIA Novosti; RNZ; Rolling Stone; RTE;
    RTS; RTÉ; Rystad Energy; S&P Global; S&P Global Commodity Insights; S&P Global Platts; SABC News; San Francisco Chronicle;
    Science; Science Magazine; Scientific American; Seattle Times; SEC; Securities and Exchange Commission; Semafor; SFA Oxford;
    Shanghai Metals Market; Sharecast; SIPRI; Sky News; Sky Sports; Slate; Snopes; South China Morning Post; Space.com; SpaceNews;
    SPGlobal; Spiegel; Sputnik; Star Tribune; State Department; Statista; Stockholm International Peace Research Institute;
    Straits Times; SVT; Sydney Morning Herald; Süddeutsche Zeitung; Taipei Times; Tampa Bay Times; TASS; TechCrunch; Telegraph;
    Texas Tribune; The Conversation; The Diplomat; The Economist; The Hill; The Hindu; The Intercept; The Nation; The National;
    The Observer; The Punch; The Register; The Scotsman; The Times; The West Australian; TIME; Time Magazine; Times of India;
    Times of Israel; Tom's Hardware; Toronto Star; Trade Arabia; Trading Economics; TradingView; Transparency International; TRT;
    TRT Haber; TRT World; U.K. Government; U.N. News; U.S. Bureau of Labor Statistics; U.S. Census Bureau;
    U.S. Department of Commerce; U.S. Department of Defense; U.S. Department of Energy; U.S. Department of Justice;
    U.S. Department of State; U.S. Department of the Interior; U.S. Department of the Treasury;
    U.S. Energy Information Administration; U.S. Environmental Protection Agency; U.S. Federal Reserve; U.S. Geological Survey;
    U.S. Treasury; Ukrinform; UN; UN Comtrade; UN News; UNCTAD; UNEP; UNESCO; UNHCR; UNICEF; United Nations;
    United Press International; UPI; Upstream; US Department of Defense; US Department of Energy; US Department of State;
    US Geological Survey; US Treasury; USA Today; USGS; Utility Dive; Variety; VentureBeat; Verge; Vice; Vice News; VOA;
    Voice of America; Vox; Wall Street Journal; Washington Examiner; Washington Post; Washington Times; Waste Management World;
    White House; WHO; WIRED; Wired; Wood Mackenzie; World Bank; World Economic Forum; World Food Programme;
    World Health Organization; World Meteorological Organization; World Nuclear News; World Resources Institute;
    World Trade Organization; WTO; WWF; Xinhua; Xinhua News Agency; Yahoo Finance; Yahoo News; Yicai; Yicai Global;
    Yomiuri Shimbun; Yonhap; Yonhap News Agency; ZDF; ZDNet
    """.split(";")
)
