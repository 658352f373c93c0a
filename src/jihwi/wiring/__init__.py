"""The whole house, built in one place: the only package that knows every adapter.

`open_house` gives a `House` whose parts are ready and are put away again at the end. What is slow to import waits
until the part that needs it is first used.
"""

from jihwi.wiring.house import House, open_house
from jihwi.wiring.libraries import ReadingRoom, built_in_skills, collection_of, embedder_of
from jihwi.wiring.places import StoreRoom, copy_place, look_into_copy, open_store, state_folder, state_place
from jihwi.wiring.rechecking import CaseChanged, path_of, recheck_cases
from jihwi.wiring.skills import all_skills, record_tools

__all__ = [
    "CaseChanged",
    "House",
    "ReadingRoom",
    "StoreRoom",
    "all_skills",
    "built_in_skills",
    "collection_of",
    "copy_place",
    "embedder_of",
    "look_into_copy",
    "open_house",
    "open_store",
    "path_of",
    "recheck_cases",
    "record_tools",
    "state_folder",
    "state_place",
]
