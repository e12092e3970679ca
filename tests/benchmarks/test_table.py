from benchmarks.measure import Row, Target, percentile, table


def test_a_target_says_whether_it_is_met() -> None:
    row = Row("what", "5/s", "peer: 10/s", "0.500")
    assert row.aiming(Target(0.5), 0.5).target == "≥ 0.5: met"
    assert row.aiming(Target(0.5), 0.49).target == "≥ 0.5: **missed**"
    assert row.aiming(Target(150, at_most=True, unit=" ms"), 151, "p50 ").target == "p50 ≤ 150 ms: **missed**"
    assert row.aiming(Target(150, at_most=True), 150).target == "≤ 150: met"
    assert row.aiming(None, 1) is row


def test_each_row_is_a_line_of_the_table() -> None:
    lines = table([Row("a", "b", "c", "d"), Row("e", "f", "g", "h", "i")]).splitlines()
    assert lines[1] == "|---|---|---|---|---|"
    assert lines[2:] == ["| a | b | c | d | – |", "| e | f | g | h | i |"]


def test_a_percentile_lies_between_the_values() -> None:
    assert percentile([float(n) for n in range(1, 100)], 50) == 50
