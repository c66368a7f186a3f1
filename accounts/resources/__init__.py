"""What accounts puts into sheets and takes out of them."""

from accounts.resources.addresses import AddressRuleResource
from accounts.resources.departments import DepartmentResource
from accounts.resources.people import UserResource
from accounts.resources.roles import RoleResource
from accounts.resources.sign_ins import SignInResource

__all__ = ["AddressRuleResource", "DepartmentResource", "RoleResource", "SignInResource", "UserResource"]
