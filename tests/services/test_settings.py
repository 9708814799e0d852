"""Variables that are nearly one of ours."""

import pytest

from services.settings import _AZUREAD_KEYS, misspelt_variables
from tenant.stack_keys import AZUREAD_KEYS


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ZOOM_ACOUNT_ID", "ZOOM_ACCOUNT_ID"),
        ("zoom_client_id", "ZOOM_CLIENT_ID"),
        ("ARM_TENANTID", "ARM_TENANT_ID"),
        ("ARM_CLIENT_SECRET_FILE", "ARM_CLIENT_SECRET_FILE_PATH or ARM_CLIENT_SECRET"),
    ],
)
def test_a_near_miss_is_told_without_its_value(name: str, meant: str) -> None:
    (line,) = misspelt_variables({name: "s3cret", "PATH": "/bin"})
    told = f"the environment has {name}, which nothing here reads: {meant} is not set"
    assert line == told


def test_where_the_right_one_is_set_the_other_is_somebody_elses() -> None:
    assert misspelt_variables({"ZOOM_APP_CLIENT_ID": "a", "ZOOM_CLIENT_ID": "b"}) == []
    assert len(misspelt_variables({"ZOOM_APP_CLIENT_ID": "a", "ZOOM_CLIENT_ID": ""})) == 1


@pytest.mark.parametrize(
    "name",
    [
        *("ARM_SUBSCRIPTION_ID", "ARM_ACCESS_KEY", "ARM_USE_AZUREAD", "ARM_MSI_API_VERSION"),
        *("ARM_PARTNER_ID", "ZOOM_CALENDAR_DEBUG", "ZOOM_SDK_KEY", "ZOOM_PORTAL_TIMEOUT"),
        *("AZURE_TENANT_ID", "MY_ZOOM_CLIENT_ID", *_AZUREAD_KEYS),
    ],
)
def test_variables_of_others_and_our_own_are_not_told_of(name: str) -> None:
    assert misspelt_variables({name: "x"}) == []


def test_every_key_of_azureads_that_we_read_is_one_that_a_file_may_have() -> None:
    assert {key.removeprefix("azuread:") for key in _AZUREAD_KEYS.values()} <= set(AZUREAD_KEYS)
