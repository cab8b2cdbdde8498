"""A Spark session: the one that ``spark-submit`` or the configuration describes, or a small one on this machine."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from subsidy_match.errors import InputError

__all__ = ["require_spark", "spark_session"]

# any of them says that somebody has configured where Spark runs
_CONFIGURED = ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "SPARK_CONF_DIR", "SPARK_HOME", "MASTER")
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def require_spark() -> None:
    """Check that PySpark and Java are there.

    Raises:
        InputError: one is missing; the error says what to install.
    """
    try:
        import pyspark  # noqa: F401 - an optional extra
    except ImportError as error:
        zh, en = "没有安装 PySpark", "PySpark is not installed"
        raise InputError("spark.not_installed", zh, en, hint="pip install 'subsidy-match[spark]'") from error
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and shutil.which("java") is None:
        zh, en = "没有 Java,Spark 无法启动", "Spark needs Java, and there is none"
        raise InputError("spark.no_java", zh, en, hint="apt-get install openjdk-17-jre-headless, or set JAVA_HOME")


@contextmanager
def spark_session(master: str | None = None) -> Iterator[Any]:
    """A session; one that is already there is used and left running.

    Args:
        master: where to run, as Spark names it (``local[2]``, ``yarn``, ``spark://…``); what ``spark-submit`` or
            ``spark-defaults.conf`` says where not given, and all cores of this machine where nothing says anything.

    Raises:
        InputError: PySpark or Java is missing, or Spark does not start.
    """
    require_spark()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PySpark 4.3 on pandas 3, which is not used there
        from pyspark.sql import SparkSession

        running = SparkSession.getActiveSession()
        session = running or _started(SparkSession.builder.appName("subsidy-match"), master)
    try:
        yield session
    finally:
        if running is None:
            session.stop()


def _started(builder: Any, master: str | None) -> Any:
    if master is None and not any(name in os.environ for name in _CONFIGURED):
        master = "local[*]"
    if master is not None:
        builder = builder.master(master)
    if master is not None and master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else it is whatever python3 is on the path
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        for name, value in _LOCAL.items():
            builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        zh, en = f"Spark 无法启动:{_first_line(error)}", f"Spark does not start: {_first_line(error)}"
        raise InputError("spark.not_started", zh, en) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
