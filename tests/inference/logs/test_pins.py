"""Why pyproject.toml bounds versions from above: what ibis-framework 12 asks of its neighbours, and newer ones lack.

Whoever lifts a bound sees these tests fail as long as the reason holds.
"""

import duckdb
import ibis
import pyarrow
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:fetch_:DeprecationWarning")


def test_sqlglot_names_the_table_that_ibis_drops():
    """sqlglot 30.18 and later write ibis's DROP without a name: "syntax error at or near EXISTS"."""
    connection = ibis.duckdb.connect()
    connection.create_table("kept", ibis.memtable(pyarrow.table({"x": [1]})))
    connection.drop_table("kept", force=True)
    assert "kept" not in connection.list_tables()


def test_duckdb_hands_out_batches_as_ibis_asks_for_them():
    """duckdb 2 removed fetch_record_batch, which ibis 12 calls for every result in batches."""
    assert hasattr(duckdb.connect(), "fetch_record_batch")
    batches = ibis.duckdb.connect().to_pyarrow_batches(ibis.memtable(pyarrow.table({"x": [1, 2]})))
    assert sum(len(batch) for batch in batches) == 2
