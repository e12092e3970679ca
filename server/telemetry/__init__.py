"""What others can watch the platform by: spans and metrics of OpenTelemetry, and the page that Prometheus reads."""
