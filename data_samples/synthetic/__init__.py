"""An invented city of enterprises, and the department files that would describe it.

Every firm, code, person number, document and amount is made up (合成数据). Nothing here reads the clock or the network, and
the same seed gives the same bytes.
"""

from __future__ import annotations

__all__: list[str] = []
