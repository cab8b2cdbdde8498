"""Without PySpark or Java, or with options that do not fit, a sentence says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from subsidy_match.cli import app
from subsidy_match.errors import InputError
from subsidy_match.matching.spark.session import require_spark


def test_without_pyspark_the_extra_is_named():
    code = (
        "import sys\nsys.modules['pyspark'] = None\n"
        "from subsidy_match.errors import InputError\n"
        "from subsidy_match.matching.spark.session import spark_session\n"
        "try:\n    spark_session().__enter__()\n"
        "except InputError as error:\n    print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "spark.not_installed" in told
    assert "pip install 'subsidy-match[spark]'" in told
    assert "没有安装 PySpark" in told


def test_without_java_a_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'subsidy-match[spark]'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(InputError, match="jre-headless") as told:
        require_spark()
    assert told.value.code == "spark.no_java"


@pytest.mark.parametrize(
    "options",
    [("--engine", "spark"), ("--parquet", "somewhere"), ("--spark-master", "local[2]")],
    ids=["no export", "no engine", "a master and no engine"],
)
def test_options_that_do_not_fit_are_refused(options: tuple[str, ...]):
    done = CliRunner().invoke(app, ["match", "--all", "--as-of", "2026-06-30", *options])
    assert isinstance(done.exception, InputError)
    assert done.exception.code == "match_spark"
