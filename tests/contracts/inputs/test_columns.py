"""Cells of tables as numbers: what can be read in one way only is read, all else is refused with a remedy."""

from pathlib import Path

import numpy as np
import pytest

from contracts.errors import ProblemError
from contracts.inputs.columns import Columns

READ = (
    (("$1,250.00", "$2,000.00"), (1250.0, 2000.0)),
    (("€ 0,50", "€ 1,40"), (0.5, 1.4)),
    (("0.50 EUR", "1.40 EUR"), (0.5, 1.4)),
    (("US$ 3", "4"), (3.0, 4.0)),
    (("-$1.40", "$-2", "+$3"), (-1.4, -2.0, 3.0)),
    (("1.250,00", "900,5"), (1250.0, 900.5)),
    (("1,250", "900.50"), (1250.0, 900.5)),
    (("1,250,000", "2"), (1250000.0, 2.0)),
    (("0,125", "2"), (0.125, 2.0)),
    (("1e5", "$2"), (1e5, 2.0)),
)
REFUSED = (
    (("1,250", "2,000"), "write thousands without a mark"),
    (("$2,500", "$100"), "write thousands without a mark"),
    (
        ("1.250", "3,5"),
        "'1.250' in row 1: every cell must be a finite number, decimals after a point: write thousands",
    ),
    (("1,5", "2,500"), "'2,500' in row 2"),
    (("0,5", "2.5"), "'2.5' in row 2"),
    (("$1", "€2"), "in one currency"),
    (("50%", "1"), "write what the problem means by it, 50 or a hundredth of that"),
    (("(0.50)", "1"), "write a minus in place of the brackets"),
    (("0.5 GB", "1 GB"), "write it alone, and its unit in the name of the column"),
    (("$0.5/mo", "$1/mo"), "write it alone"),
    (("10k", "20k"), "write it alone"),
    (("3 USD $", "1"), "write it alone"),
    (("1,25,000", "2"), "'1,25,000' in row 1"),
    (("1.2.3", "2"), "'1.2.3' in row 1"),
    (("-$-1", "2"), "'-$-1' in row 1"),
    (("1_000", "2"), "'1_000' in row 1"),
    (("nan", "$2"), "'nan' in row 1"),
    (("free", "2"), "'free' in row 1"),
    ((None, "$2"), "is empty in row 1"),
)


@pytest.mark.parametrize(("cells", "values"), READ)
def test_amounts_that_can_be_read_in_one_way_are_read(cells, values):
    table = Columns(Path("list.csv"), {"price": [*cells]})
    assert np.array_equal(table.numbers("price"), values)
    assert table.has_numbers("price")


@pytest.mark.parametrize(("cells", "says"), REFUSED)
def test_amounts_that_may_mean_two_things_are_refused_with_a_remedy(cells, says):
    table = Columns(Path("list.csv"), {"price": [*cells]})
    with pytest.raises(ProblemError) as refused:
        table.numbers("price")
    assert says in str(refused.value)
    assert not table.has_numbers("price")


def test_a_column_of_money_is_known_by_its_currency():
    table = Columns(Path("list.csv"), {"a": ["1", "$2"], "b": ["1", "2 GB"], "c": ["3 CHF", ""], "d": [1.0, None]})
    assert [table.is_money(name) for name in table.names] == [True, False, True, False]
