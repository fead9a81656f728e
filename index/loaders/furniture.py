"""What stands in a page's main text and is not the article's: its headline again, share bars, related links, newsletter boxes.

Whole blocks only, and only those that cannot be mistaken for prose. Disclaimers and copyright lines are left where they
are: they are part of what was published, and are kept from answers elsewhere. Knows nothing of how blocks are written.
"""

from __future__ import annotations

import re
from typing import Any

#: A longer block is prose, whatever it begins with.
_MOST_CHARACTERS = 300

_SITES = (
    r"(?:facebook|twitter|x|linked ?in|pinterest|whats ?app|reddit|tumblr|e-?mail|instagram|telegram|flipboard|messenger|pocket|bluesky"
    r"|threads|mastodon|google\+?|youtube|tik ?tok|line|vk|viber|xing|sms|print|rss)"
)
_PIECE = r"(?:article|story|post|page|piece|video|link|report|column|item)"
_END = r"[ .!…:»›→>*]*"

#: Blocks that are buttons, boxes and bars, the whole of them.
_FURNITURE = re.compile(
    rf"""
    # share bars
    (?:share|tweet|pin(?:\ it)?|e-?mail|print|save|bookmark|copy|like|post|send|comment|comments|reply|order\ reprints?|permalink)
      (?:\ (?:this|the))?(?:\ {_PIECE})?{_END}
    | share(?:\ (?:this|the)(?:\ {_PIECE})?)?(?:\ (?:on|via|with|by|to|options|this))?(?:[\ ,|/·•]*{_SITES})*{_END}
    | (?:(?:click\ to\ )?(?:share|tweet|post|pin|send|e-?mail)\ (?:on|via|to|by|with)\ )?{_SITES}(?:[\ ,|/·•]+(?:and\ )?{_SITES})*{_END}
    | (?:copy|get)\ (?:the\ )?link{_END} | link\ copied{_END} | share\ (?:full\ )?article{_END} | \d{{1,6}}\ (?:shares?|comments?|likes?)
    | (?:like|follow|join|find)\ (?:us|me|our\ page)\ on\ .{{0,120}}
    # newsletters and apps
    | (?:please\ )?(?:sign\ up|subscribe|register)(?:\ now|\ here|\ today|\ free)?(?:\ (?:to|for|with)\b.{{0,200}})?\b
      (?:newsletters?|inbox|(?:news|email|e-mail)\ alerts?|daily\ digest|mailing\ list)\b.{{0,120}}
    | (?:get|receive|have)\ .{{0,160}}(?:in|to|straight\ to|right\ in|delivered\ to)\ your\ inbox\b.{{0,150}}
    | (?:(?:please\ )?enter|your)\ (?:a\ valid\ |your\ )?e-?mail(?:\ address)?\b.{{0,60}}
    | (?:sign\ up|subscribe|log\ in|sign\ in|register){_END}
    | thank(?:s|\ you)\ for\ (?:signing\ up|subscribing)\b.{{0,80}} | you\ can\ unsubscribe\ at\ any\ time\b.{{0,60}}
    | by\ (?:signing\ up|subscribing|submitting)\b.{{0,160}}\b(?:privacy|terms|agree)\b.{{0,120}}
    | download\ (?:the|our)\ (?:[\w'’]+\ ){{0,3}}app\b.{{0,80}}
    # cookie notices
    | (?:we|this\ (?:web)?site|our\ (?:web)?site)\ uses?\ (?:our\ own\ and\ third[-\ ]party\ )?cookies\b.{{0,250}}
    | (?:accept|reject|manage|allow)(?:\ all)?\ cookies(?:\ settings|\ preferences)? | cookie\ (?:settings|policy|preferences|notice)
    # advertisements, players, errors
    | advertisements?:? | (?:scroll|swipe)\ (?:down\ )?(?:to|for)\ (?:continue|more)\b.{{0,60}}
    | skip\ (?:to\ (?:main\ )?content|advertisement)
    | (?:story|article)\ continues\ (?:below|after)\b.{{0,40}} | continue\ reading(?:\ the\ main\ story|\ below)?{_END}
    | an\ error\ has\ occurred\b.{{0,60}} | loading{_END} | (?:play|watch|view)\ (?:the\ )?(?:video|gallery|slideshow){_END}
    | this\ video\ (?:can\ ?not|can't)\ be\ played\b.{{0,60}} | (?:enlarge|hide|toggle|show)\ (?:this\ image|caption|image|captions?){_END}
    | (?:you|please)\ (?:need\ to\ |must\ )?(?:enable|have)\ javascript\b.{{0,80}} | this\ {_PIECE}\ has\ been\ sent\ to{_END}
    | (?:back\ to\ top|go\ to\ top|previous|next|previous\ {_PIECE}|next\ {_PIECE}|older\ posts|newer\ posts|home){_END}
    """,
    re.IGNORECASE | re.VERBOSE,
)

#: What announces links to other pages, in the languages that press sites say it in.
_ELSEWHERE = (
    r"(?:read|see|watch|listen|learn|find\ out|explore)(?:\ (?:more|also|next|this|now|on|too|it))?(?:\ here|\ at)?"
    r"|also\ (?:read|see|watch|on\ .{1,40})|more(?:\ (?:from|on|about|in|like|to)\b.{0,60})?|related(?:\ .{0,30})?"
    r"|do(?:n['’]t|\ not)\ miss(?:\ .{0,30})?|you\ (?:may|might|will)\ (?:also\ )?(?:like|love|enjoy|be\ interested\ in)"
    r"|recommended(?:\ .{0,30})?|(?:most|also)\ (?:read|popular|viewed|shared|watched)(?:\ .{0,30})?"
    r"|trending(?:\ .{0,20})?|up\ next|top\ stories"
    r"|popular\ (?:stories|posts|now|articles)|latest\ (?:stories|news|posts|articles|videos)"
    r"|editor['’]?s['’]?\ (?:picks?|choice)|must[-\ ]reads?"
    r"|lesen\ sie\ (?:auch|mehr|dazu)|mehr\ (?:zum\ thema|dazu)|auch\ interessant|das\ könnte\ sie\ auch\ interessieren"
    r"|(?:à\ )?lire\ (?:aussi|également)|sur\ le\ même\ (?:sujet|thème)|voir\ aussi"
    r"|l(?:ea|ee|eer)\ (?:también|más|además)|(?:te|le)\ puede(?:n)?\ interesar|noticias?\ relacionadas?"
    r"|le(?:ia|r)\ (?:também|mais)|(?:veja|saiba|confira)\ (?:também|mais)|leggi\ anche|ti\ potrebbe(?:ro)?\ interessare|читайте\ также"
)
_LABEL = re.compile(rf"(?:{_ELSEWHERE})[ :.!…»›→>]*", re.IGNORECASE | re.VERBOSE)
_LABELLED = re.compile(rf"(?:{_ELSEWHERE})[ ]*(?::|\||—|–|-|»|>|→)[ ]*(?P<rest>\S.*)", re.IGNORECASE | re.VERBOSE | re.DOTALL)

#: Labels that no section of an article bears: they go even where the extractor has already dropped the links below them.
_SURELY_LABEL = re.compile(
    r"(?:do(?:n['’]t|\ not)\ miss(?:\ (?:this|it|out))?|related\ (?:articles?|stor(?:y|ies)|posts?|links?|news|contents?"
    r"|topics?|coverage|videos?)"
    r"|recommended(?:\ for\ you)?|(?:most|also)\ (?:read|viewed|shared|watched)|trending(?:\ now)?|up\ next|top\ stories"
    r"|you\ (?:may|might|will)\ also\ (?:like|love|enjoy)|(?:read|watch)\ (?:more|next|also)|lesen\ sie\ (?:auch|mehr)|mehr\ zum\ thema"
    r"|(?:à\ )?lire\ (?:aussi|également)|leia\ também|leggi\ anche|lea\ también|читайте\ также)[ :.!…»›→>]*",
    re.IGNORECASE | re.VERBOSE,
)

#: As much of a block's letters stands in links where it leads elsewhere.
_LINKED = 0.8

_BLOCKS = frozenset({"p", "head", "list", "item", "quote"})


def strip(body: Any, title: str | None) -> None:
    """Take what is not the article's out of the tree of a main text, elements of TEI whose links are `ref`.

    Args:
        body: The tree, changed in place.
        title: The page's headline, which is shown with the article and not in it.
    """
    _strip_headline(body, title)
    for block in [element for element in body.iter() if element.tag in _BLOCKS and element.tag != "list"]:
        if block is body or block.getparent() is None:
            continue
        text = _text(block)
        if len(text) > _MOST_CHARACTERS:
            continue
        if _FURNITURE.fullmatch(text) or _leads_elsewhere(block, text):
            _remove(block)
        elif _LABEL.fullmatch(text):
            _strip_announced(block)
    for left in [element for element in body.iter("list") if element is not body and not _text(element)]:
        _remove(left)


def _strip_headline(body: Any, title: str | None) -> None:
    """Take out the headline where the text opens with it."""
    for block in body.iter("head", "p"):
        text = _text(block)
        if text:
            if title and _letters(text) == _letters(title):
                _remove(block)
            return


def _leads_elsewhere(block: Any, text: str) -> bool:
    """Say whether a block is nothing but a label and a link: `Read more: Another story`."""
    found = _LABELLED.fullmatch(text)
    return found is not None and _linked(block) >= _LINKED * len(_letters(found["rest"]))


def _strip_announced(label: Any) -> None:
    """Take out a label of links to elsewhere with the links below it; a label that announces none is a heading of the article."""
    found = []
    following = label.getnext()
    while following is not None and following.tag in _BLOCKS:
        letters = len(_letters(_text(following)))
        if letters and _linked(following) < _LINKED * letters and not _mostly_linked_list(following):
            break
        found.append(following)
        following = following.getnext()
    if any(_linked(element) for element in found) or _SURELY_LABEL.fullmatch(_text(label)):
        for element in (label, *found):
            _remove(element)


def _mostly_linked_list(block: Any) -> bool:
    """Say whether a block is lines of links with a word about each: `Another story [VIDEO]`."""
    links = sum(1 for _ in block.iter("ref"))
    return links >= 2 and _linked(block) >= 0.6 * len(_letters(_text(block)))


def _linked(block: Any) -> int:
    """Count the letters of a block that stand in links."""
    return sum(len(_letters("".join(link.itertext()))) for link in block.iter("ref"))


def _text(block: Any) -> str:
    return " ".join("".join(block.itertext()).split())


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _remove(block: Any) -> None:
    """Take an element out of its tree; what stands behind it stays."""
    parent = block.getparent()
    if parent is None:
        return
    before = block.getprevious()
    if block.tail and before is not None:
        before.tail = (before.tail or "") + block.tail
    elif block.tail:
        parent.text = (parent.text or "") + block.tail
    parent.remove(block)
