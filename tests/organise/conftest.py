"""Collections to organise: documents about known things, with vectors that lie where the things lie."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from shas_kb.config import TreeConfig
from shas_kb.organise import Material, organise
from shas_kb.organise.material import unit
from shas_kb.progress import NoProgress
from shas_kb.records import Quote, StoredPassage, Tree, Wish

WIDTH = 48
# domain > category > entity: three phrases each
WORLD = {
    "biology": {
        "cell biology": {
            "cell membrane": ["cell membrane", "lipid bilayer", "ion channel"],
            "photosynthesis": ["photosynthesis", "chloroplast", "light reaction"],
            "mitosis": ["mitosis", "chromosome", "spindle fibre"],
        },
        "ecology": {
            "food web": ["food web", "apex predator", "trophic level"],
            "coral reef": ["coral reef", "ocean acidification", "symbiotic algae"],
        },
    },
    "computing": {
        "distributed systems": {
            "consensus": ["consensus protocol", "leader election", "quorum"],
            "replication": ["state replication", "write-ahead log", "failover"],
            "caching": ["cache eviction", "hit rate", "memory hierarchy"],
        },
        "learning": {
            "neural networks": ["neural network", "gradient descent", "attention layer"],
            "decision trees": ["decision tree", "random forest", "information gain"],
        },
    },
}


@dataclass(frozen=True)
class Collection:
    """Materials, the true (entity, category, domain) of each by id, and their passages."""

    materials: tuple[Material, ...]
    truth: dict[str, tuple[str, str, str]]
    passages: dict[tuple[str, int], StoredPassage]

    def __repr__(self) -> str:
        return f"Collection of {len(self.materials)}"

    def fetch(self, keys: Sequence[tuple[str, int]]) -> list[StoredPassage]:
        return [self.passages[key] for key in keys]

    def tree(
        self,
        config: TreeConfig | None = None,
        materials: Sequence[Material] | None = None,
        former: Tree | None = None,
        wishes: Sequence[Wish] = (),
    ) -> Tree:
        chosen = self.materials if materials is None else materials
        return organise(chosen, config or TreeConfig(), self.fetch, NoProgress(), former, wishes)


def document(
    title: str,
    sentences: Sequence[str],
    vectors: np.ndarray,
    words: Sequence[str],
    phrases: Sequence[str],
    salt: str = "",
) -> tuple[Material, list[StoredPassage]]:
    """A document of one passage for each row of `vectors`, over which its sentences are dealt out; its title says what
    all of them say."""
    sha256 = hashlib.sha256((title + salt + "".join(sentences)).encode()).hexdigest()
    name = sha256[:12]
    passages = []
    start = 0
    for ordinal, dealt in enumerate(np.array_split(np.array(sentences, dtype=object), len(vectors))):
        quotes = []
        for sentence in dealt:
            quotes.append(Quote(sentence, name, ordinal + 1, start, start + len(sentence)))
            start += len(sentence) + 1
        text = " ".join(dealt)
        passages.append(
            StoredPassage(
                name, ordinal, None, ordinal + 1, start - len(text) - 1, start - 1, len(text) // 4, text, tuple(quotes)
            )
        )
    rounded = vectors.astype(np.float16).astype(np.float32)
    heading = unit(rounded.mean(axis=0, keepdims=True))[0].astype(np.float32)
    return Material(name, sha256, title, "en", rounded, heading, Counter(words), Counter(phrases)), passages


def build_world(each: int = 8, seed: int = 0) -> Collection:
    """`each` documents about every entity of the world."""
    random = np.random.default_rng(seed)
    materials: list[Material] = []
    truth: dict[str, tuple[str, str, str]] = {}
    passages: dict[tuple[str, int], StoredPassage] = {}

    def near(centre: np.ndarray, spread: float) -> np.ndarray:
        point = centre + spread * random.standard_normal(WIDTH) / np.sqrt(WIDTH)
        return np.asarray(point / np.linalg.norm(point))

    for domain, categories in WORLD.items():
        domain_centre = near(np.zeros(WIDTH), 1.0)
        for category, entities in categories.items():
            category_centre = near(domain_centre, 0.9)
            for entity, phrases in entities.items():
                centre = near(category_centre, 0.8)
                for i in range(each):
                    middle = near(centre, 0.4)
                    vectors = np.stack([near(middle, 0.6) for _ in range(4)])
                    said = [*random.choice(phrases, 8), phrases[0], domain, *random.choice([category, domain], 3)]
                    words = [word for phrase in said for word in phrase.split()] + list(random.choice(FILLER, 30))
                    sentences = [
                        f"The {phrase} is what makes {entity} matter to {category} in case {i} of {entity}."
                        for phrase in dict.fromkeys(map(str, said))
                    ]
                    made, stored = document(
                        f"{entity} {i}", sentences, vectors, words, [str(phrase) for phrase in said]
                    )
                    materials.append(made)
                    truth[made.id] = (entity, category, domain)
                    passages.update({(made.id, passage.ordinal): passage for passage in stored})
    return Collection(tuple(materials), truth, passages)


FILLER = [f"filler{i}" for i in range(300)]


@pytest.fixture(scope="session")
def world() -> Collection:
    return build_world()


@pytest.fixture(scope="session")
def make_world() -> Callable[[int], Collection]:
    return build_world


@pytest.fixture(scope="session")
def noise() -> Callable[[int], Collection]:
    """Documents of random words and random vectors: nothing belongs together."""

    def make(count: int) -> Collection:
        random = np.random.default_rng(count)
        materials: list[Material] = []
        passages: dict[tuple[str, int], StoredPassage] = {}
        for i in range(count):
            vectors = random.standard_normal((2, WIDTH))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            words = [str(word) for word in random.choice(FILLER, 60)]
            made, stored = document(f"noise {i}", [" ".join(words[:9]) + "."], vectors, words, words[:20])
            materials.append(made)
            passages.update({(made.id, passage.ordinal): passage for passage in stored})
        return Collection(tuple(materials), {}, passages)

    return make


@pytest.fixture(scope="session")
def copies() -> Callable[[int], Collection]:
    """Many files that say the same."""

    def make(count: int) -> Collection:
        vectors = np.eye(2, WIDTH)
        made = [
            document(
                "Report",
                ["The annual report is about the harvest of apples and pears in the valley."],
                vectors,
                ["report", "harvest", "apples"],
                ["annual report", "harvest"],
                salt=str(i),
            )
            for i in range(count)
        ]
        return Collection(tuple(m for m, _ in made), {}, {(m.id, p.ordinal): p for m, stored in made for p in stored})

    return make
