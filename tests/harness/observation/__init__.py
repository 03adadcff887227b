"""Record and judge what an application and its telemetry show."""
