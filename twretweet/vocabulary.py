"""The two vocabularies in which X describes the same API.

The reference pages and OpenAPI 2.159 say *tweet*, OpenAPI 2.167 says *post*. Which of the two
the live API insists on is not documented, so a manager sends one of them, chosen by its
``vocabulary`` argument, and reads both. Everything inside this package uses the tweet names.
"""

from typing import Literal, TypeAlias

Vocabulary: TypeAlias = Literal["tweet", "post"]
