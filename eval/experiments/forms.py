"""Reports filled into one form day after day: quakes, weather, markets, results, earnings, lotteries. No two tell of the same.

Knows nothing of how copies are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

_TOWNS = (
    "Oslo Bergen Lagos Quito Lima Perth Cairo Delhi Tokyo Osaka Milan Turin Seville Bristol Leeds Austin Denver Boston Tampa Regina"
).split()
_PEOPLE = "Smith Okafor Tanaka Rossi Nilsen Garcia Patel Dubois Kim Novak Silva Becker".split()
_FIRMS = "Acme Northwind Globex Initech Umbrella Stark Wayne Tyrell Cyberdyne Hooli".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July".split()
_INDEXES = ("The Dow Jones Industrial Average", "The S&P 500", "The Nasdaq Composite", "The Russell 2000")


def quake(random: Random) -> str:
    """A quake: where, when and how strong."""
    return (
        f"A magnitude {random.uniform(3, 7):.1f} earthquake struck {random.randint(5, 90)} kilometres from {random.choice(_TOWNS)} on"
        f" {random.choice(_DAYS)}, according to the US Geological Survey. The quake hit at {random.randint(0, 23)}:{random.randint(10, 59)}"
        f" local time at a depth of {random.randint(10, 300)} kilometres. There were no immediate reports of damage or casualties."
        " Earthquakes of this size can be felt widely but rarely cause serious damage where buildings are made to modern standards. The"
        " agency publishes a preliminary report within minutes and revises it as seismologists review the data. Residents who felt the"
        " shaking are invited to report it on the agency's web page. The Pacific Tsunami Warning Center said that no tsunami warning was"
        " in effect."
    )


def weather(random: Random) -> str:
    """A forecast for the same towns."""
    towns = " ".join(
        f"{town} will see a high of {random.randint(5, 35)} degrees and a low of {random.randint(-5, 18)} degrees with a"
        f" {random.randint(0, 10) * 10} percent chance of rain."
        for town in _TOWNS[:8]
    )
    return (
        f"Here is the forecast for {_date(random)} from the National Weather Desk. {towns} Drivers are advised to check road conditions"
        " before setting out. The next forecast will be issued at six in the morning. Warnings are updated around the clock by the duty"
        " meteorologist."
    )


def market(random: Random) -> str:
    """A day of trading."""
    moves = " ".join(
        f"{index} {random.choice(('rose', 'fell'))} {random.uniform(0, 2):.2f} percent to {random.randint(4000, 36000):,}."
        for index in _INDEXES
    )
    return (
        f"Stocks on Wall Street closed {random.choice(('higher', 'lower'))} on {random.choice(_DAYS)}. {moves} The yield on the 10-year"
        f" Treasury note stood at {random.uniform(3, 5):.2f} percent, while Brent crude traded at ${random.uniform(70, 95):.2f} a barrel"
        f" and gold at ${random.randint(1800, 2400)} an ounce. Investors are waiting for the Federal Reserve to decide on interest rates"
        " and for the next report on consumer prices. Analysts cautioned that trading volumes were thin and that moves could be"
        f" exaggerated. The dollar index was at {random.uniform(98, 108):.2f}."
    )


def result(random: Random) -> str:
    """A match."""
    (home, away), (first, second) = random.sample(_TOWNS, 2), random.sample(_PEOPLE, 2)
    return (
        f"{home} beat {away} {random.randint(2, 5)}-{random.randint(0, 1)} on {random.choice(_DAYS)} in front of a crowd of"
        f" {random.randint(9000, 60000):,}. {first} opened the scoring in the {random.randint(2, 40)}th minute and {second} made the game"
        f" safe in the {random.randint(50, 90)}th. The home side dominated possession throughout and the visitors rarely threatened. The"
        " manager said that he was delighted with the effort of the players and that the squad would take nothing for granted."
        f" {home} move up to {random.choice(('second', 'third', 'fourth', 'fifth'))} in the table, {random.randint(2, 9)} points behind"
        " the leaders."
    )


def earnings(random: Random) -> str:
    """A quarter of a firm."""
    firm = random.choice(_FIRMS)
    return (
        f"{firm} reported net income of ${random.randint(10, 990)} million for the"
        f" {random.choice(('first', 'second', 'third', 'fourth'))} quarter. The company said it had earnings of"
        f" ${random.uniform(0.1, 5):.2f} a share. Results beat the expectations of Wall Street; the average estimate of analysts was for"
        f" earnings of ${random.uniform(0.1, 5):.2f} a share. The company posted revenue of ${random.uniform(1, 9):.2f} billion in the"
        f" period, {random.choice(('up', 'down'))} {random.randint(1, 30)} percent. {firm} expects full-year revenue of"
        f" ${random.uniform(4, 40):.1f} billion. Shares have risen {random.randint(1, 60)} percent since the beginning of the year. The"
        " figures were compiled from the filing of the company with the regulator and do not include items that the company regards as"
        " non-recurring."
    )


def lottery(random: Random) -> str:
    """A drawing."""
    numbers = ", ".join(str(number) for number in random.sample(range(1, 70), 5))
    return (
        f"The winning numbers in the drawing on {_date(random)} were {numbers} and the extra ball was {random.randint(1, 25)}. The jackpot"
        f" is estimated at ${random.randint(20, 900)} million. Tickets cost two dollars and can be bought in 45 states, the District of"
        " Columbia and the US Virgin Islands. To win the jackpot a ticket must match all five white balls and the extra ball. The odds of"
        " winning the jackpot are 1 in 302,575,350. Drawings are held on Tuesdays and Fridays at 11 p.m. Eastern. A winner may choose an"
        " annuity paid over 29 years or a cash payment."
    )


#: Every form, by what it reports.
FORMS: Mapping[str, Callable[[Random], str]] = {form.__name__: form for form in (quake, weather, market, result, earnings, lottery)}


def _date(random: Random) -> str:
    return f"{random.choice(_DAYS)}, {random.randint(1, 28)} {random.choice(_MONTHS)}"
