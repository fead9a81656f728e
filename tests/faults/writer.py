"""A process that writes to an index without end, and says of each change when it begins and when it is acknowledged.

`python writer.py FOLDER SEED FIRST`: one JSON line a change, `{"n", "begin": {id: version or null}}`, then `{"n", "done": true}`
once the call has returned. An article's text follows from its id and version (`article`), so that nothing else needs to be told.
"""

import itertools
import json
import random
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from conftest import HashedEmbedder  # noqa: E402 - found on the path that is set above

import index.ingest  # noqa: E402
from index import Article, Library  # noqa: E402

IDS = [f"article-{n}" for n in range(12)]
WORDS = "ore mine metal price export quota brine cobalt nickel lithium copper smelter refinery port minister".split()


def mark(article_id, version):
    """A word that stands in this version of this article alone."""
    return f"mark{article_id.split('-')[1]}v{version}"


def article(article_id, version):
    """The article that `article_id` is at `version`: a few passages, some of them shared with other articles."""
    chance = random.Random(f"{article_id} {version}")
    sentences = [f"The {mark(article_id, version)} report of {article_id} is here."]
    sentences += [f"{' '.join(chance.choices(WORDS, k=chance.randint(3, 20)))}.".capitalize() for _ in range(chance.randint(0, 25))]
    return Article(id=article_id, text=" ".join(sentences), title=article_id, metadata={"version": version})


def changes(seed, first, there):
    """Yield changes without end to an index that holds the ids `there`: ids with the version that they get, None for removed."""
    chance = random.Random(f"{seed} {first}")
    for n in itertools.count(first):
        if there and chance.random() < 0.25:
            chosen = chance.sample(sorted(there), chance.randint(1, min(3, len(there))))
            yield n, dict.fromkeys(chosen)
            there -= set(chosen)
        else:
            chosen = chance.sample(IDS, chance.randint(1, 4))
            yield n, dict.fromkeys(chosen, n)
            there |= set(chosen)


def main():
    folder, seed, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
    index.ingest.PASSAGES_A_COMMIT = 12  # an addition of several articles is several commits
    say({"ready": True})
    with Library.open(folder, model=HashedEmbedder()) as library:
        for n, change in changes(seed, first, {record["id"] for record in library.articles()}):
            say({"n": n, "begin": change})
            if None in change.values():
                library.remove(*change)
            else:
                library.add(*(article(article_id, version) for article_id, version in change.items()))
            say({"n": n, "done": True})


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
