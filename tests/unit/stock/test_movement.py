"""Sales, writes and their echoes in any order: the hub's level is exact, and the stores agree with it."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.flow.stock.movement import Line, Shown, counted, effect, moved, saw, settled, sold, to_write, wrote

START = 20


class Store:
    """A shop that sells by itself, takes absolute quantities, and tells of both whenever it likes."""

    def __init__(self) -> None:
        self.quantity = START
        self.sales = 0
        self.untold: deque[int] = deque()
        """Orders the hub has not heard of."""
        self.told: deque[int] = deque()
        """States of the product that are on their way to the hub."""
        self.writes: deque[int] = deque()
        self.account = Shown(shown=START)


class World:
    """Two stores and the hub's level between them."""

    def __init__(self) -> None:
        self.level = START
        self.stores = (Store(), Store())

    def sell(self, store: Store, pieces: int) -> None:
        if pieces <= store.quantity:
            store.quantity -= pieces
            store.sales += pieces
            store.untold.append(pieces)

    def give_back(self, store: Store, pieces: int) -> None:
        if pieces <= store.sales:
            store.quantity += pieces
            store.sales -= pieces
            store.untold.append(-pieces)

    def tell(self, store: Store) -> None:
        store.told.append(store.quantity)

    def hear_product(self, store: Store) -> None:
        if store.told:
            store.account = saw(store.account, store.told.popleft())

    def hear_order(self, store: Store) -> None:
        if store.untold:
            pieces = store.untold.popleft()
            self.level -= pieces
            store.account = sold(store.account, pieces)

    def push(self, store: Store, *, waiting: bool, doubting: bool = True) -> bool:
        quantity = to_write(store.account, max(0, self.level), waiting=waiting, doubting=doubting)
        if quantity is None:
            return False
        store.account = wrote(store.account, quantity)
        store.writes.append(quantity)
        return True

    def take_effect(self, store: Store) -> None:
        if store.writes:
            store.quantity = store.writes.popleft()

    def settle(self, store: Store) -> None:
        """Only with no write under way, nothing owed and all orders heard, and by a fresh reading."""
        if store.writes or store.untold or store.account.owed or store.account.doubt is None:
            return
        store.account, moved_by = settled(store.account, store.quantity)
        self.level += moved_by

    def calm(self) -> None:
        """Let everything arrive, until nothing moves any more."""
        for _ in range(50):
            busy = False
            for store in self.stores:
                while store.writes:
                    self.take_effect(store)
                self.tell(store)
                while store.told:
                    self.hear_product(store)
                while store.untold:
                    self.hear_order(store)
                self.settle(store)
            for store in self.stores:
                busy |= self.push(store, waiting=False)
            if not busy:
                return
        raise AssertionError("it never comes to rest")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sell", "sell", "back", "tell", "product", "order", "push", "late push", "effect", "settle"]),
        st.integers(0, 1),
        st.integers(1, 3),
    ),
    max_size=60,
)


def play(world: World, steps: list[tuple[str, int, int]]) -> None:
    for name, which, pieces in steps:
        store = world.stores[which]
        match name:
            case "sell":
                world.sell(store, pieces)
            case "back":
                world.give_back(store, pieces)
            case "tell":
                world.tell(store)
            case "product":
                world.hear_product(store)
            case "order":
                world.hear_order(store)
            case "push" | "late push":
                world.push(store, waiting=name == "push")
            case "effect":
                world.take_effect(store)
            case "settle":
                world.settle(store)


@settings(max_examples=1500)
@given(STEPS)
def test_the_level_is_what_was_there_minus_what_was_sold(steps: list[tuple[str, int, int]]) -> None:
    """In every order of sales, refunds, writes, echoes and late messages; and both stores show what is left."""
    world = World()
    play(world, steps)
    world.calm()
    assert world.level == START - sum(store.sales for store in world.stores)
    assert {store.quantity for store in world.stores} == {max(0, world.level)}


@given(STEPS, st.integers(-5, 30))
def test_a_hand_that_counts_the_shelf_moves_the_level_once_it_is_quiet(
    steps: list[tuple[str, int, int]], by: int
) -> None:
    """What a person sets in a store is no sale, and no later write undoes it."""
    world = World()
    play(world, steps)
    world.calm()
    before, store = world.level, world.stores[0]
    if store.quantity + by < 0:
        return
    store.quantity += by
    world.tell(store)
    world.hear_product(store)
    # a sale elsewhere comes before the change is settled
    world.sell(world.stores[1], 1)
    sales = 1 if world.stores[1].untold else 0
    world.hear_order(world.stores[1])
    world.push(store, waiting=False)
    world.calm()
    assert world.level == before + by - sales
    assert {s.quantity for s in world.stores} == {max(0, world.level)}


def test_a_store_that_sold_is_given_a_moment_and_then_told_once() -> None:
    """Order first or product first: no write while it shows the sale itself, one write afterwards."""
    for order_first in (True, False):
        account = Shown(shown=10)
        account = sold(account, 2) if order_first else saw(account, 8)
        account = saw(account, 8) if order_first else sold(account, 2)
        assert (account.owed, account.doubt) == (2, None)
        assert to_write(account, 8, waiting=True) is None
        assert to_write(account, 7, waiting=True) == 7, "another store sold as well"
        assert to_write(account, 8, waiting=False) == 8
        assert to_write(wrote(account, 8), 8, waiting=False) is None


def test_nothing_is_written_to_a_store_in_doubt() -> None:
    """A hand set 50: a sale elsewhere must not undo it before it is looked into."""
    account = saw(Shown(shown=10), 50)
    assert to_write(account, 9, waiting=False, doubting=True) is None
    assert to_write(account, 9, waiting=False, doubting=False) == 9
    assert settled(account, 50) == (Shown(shown=50), 40)


def test_a_sale_that_a_write_covered_up_is_written_again() -> None:
    """The store sold while we wrote; its quantity shows our write, its order tells of the sale."""
    account = saw(wrote(Shown(shown=10), 9), 9)
    account = sold(account, 1)
    assert to_write(account, 8, waiting=True) is None
    assert to_write(account, 8, waiting=False) == 8


def test_without_orders_an_echo_moves_nothing_and_a_change_moves_once() -> None:
    account = wrote(Shown(shown=10), 7)
    account, moved_by = counted(account, 10)
    assert moved_by == 0, "a message from before the write"
    account, moved_by = counted(account, 7)
    assert moved_by == 0, "the echo"
    account, moved_by = counted(account, 5)
    assert moved_by == -2
    account, moved_by = counted(account, 5)
    assert moved_by == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8), st.booleans(), st.integers(0, 5))
def test_the_moves_of_a_line_add_up(states: list[tuple[int, int]], reserves: bool, baseline: int) -> None:
    """However a line went, the sum of its moves is the effect of its last state."""
    line = Line(taken=baseline, baseline=baseline, reserves=reserves)
    start, whole = effect(line), [0, 0]
    for taken, fulfilled in states:
        after = Line(taken, fulfilled, reserves, baseline)
        on_hand, reserved = moved(line, after)
        whole[0] += on_hand
        whole[1] += reserved
        line = after
    now = effect(line)
    assert (whole[0], whole[1]) == (now[0] - start[0], now[1] - start[1])
    assert now[0] - now[1] == (-(line.taken - baseline) if not reserves else -max(0, line.taken - baseline)), (
        "what is free sinks by what was sold, whether it is reserved or gone"
    )
