from tests.transport.conftest import served

__all__ = ["served"]
