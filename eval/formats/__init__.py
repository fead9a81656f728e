"""Question sets as they lie on disk, whatever their format, as `Dataset`s.

The face of these modules: one module a format behind `interface.Format`, recognised in the order of `load.FORMATS`.
"""

from .load import load_dataset

__all__ = ["load_dataset"]
