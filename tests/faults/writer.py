"""A process that writes to an index, and says of each change when it begins and when it is acknowledged.

`python writer.py FOLDER SEED FIRST [CHANGES PART OF]`: without end, or so many changes to one part of the ids, for several to
write at once. One JSON line a change, `{"n", "begin": {id: version or null}}`, then `{"n", "done": true}`
once the call has returned. An article's text follows from its id and version (`article`), so that nothing else needs to be told.
"""

import itertools
import json
import random
import sys

from oracle import IDS, HashedEmbedder, Library, article, small_commits, versions


def changes(seed, first, there, ids=IDS):
    """Yield changes without end to an index that holds, of `ids`, those in `there`: ids with their new version, None for removed."""
    chance = random.Random(f"{seed} {first}")
    for n in itertools.count(first):
        if there and chance.random() < 0.25:
            chosen = chance.sample(sorted(there), chance.randint(1, min(3, len(there))))
            yield n, dict.fromkeys(chosen)
            there -= set(chosen)
        else:
            chosen = chance.sample(ids, chance.randint(1, min(4, len(ids))))
            yield n, dict.fromkeys(chosen, n)
            there |= set(chosen)


def main():
    folder, seed, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
    number, part, of = map(int, sys.argv[4:] or (0, 0, 1))
    small_commits()
    say({"ready": True})
    with Library.open(folder, model=HashedEmbedder()) as library:
        ids = IDS[part::of]
        endless = changes(seed, first, versions(library).keys() & set(ids), ids)
        for n, change in itertools.islice(endless, number or None):
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
