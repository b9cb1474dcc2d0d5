"""What is rendered for the values of values/, down to the last line. `make chart-golden` writes it anew; look at the difference."""
import os
import pathlib

import pytest

from chart import CASES, template, steady, values_of

GOLDEN = pathlib.Path(__file__).parent / "golden"


def test_there_is_a_golden_file_for_each_case_and_none_else():
    assert sorted(path.stem for path in GOLDEN.glob("*.yaml")) == CASES


@pytest.mark.parametrize("case", CASES)
def test_rendered_as_before(case):
    rendered = steady(template(values_of(case)))
    file = GOLDEN / f"{case}.yaml"
    if os.environ.get("RENEW_GOLDEN"):
        file.write_text(rendered)
    assert rendered == file.read_text()
