"""Run on Spark: a carried function maps partitions.

Spark kills its workers, so each partition sends its telemetry before it ends.

python spark_run.py
"""

from __future__ import annotations

import os
import sys

from pyspark.sql import SparkSession
from work import PROMPTS, answer_each, set_up

from opentelemetry.instrumentation.llm import carry, with_attributes, with_span
from opentelemetry.instrumentation.llm.workers import in_worker


def main() -> None:
    # Workers need the Python environment of the driver.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    set_up()
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    with with_span("driver"), with_attributes(session_id="spark"):
        results = session.sparkContext.parallelize(PROMPTS, 4).mapPartitions(carry(in_worker(answer_each, set_up)))
        print("\n".join(results.collect()))
    session.stop()


if __name__ == "__main__":
    main()
