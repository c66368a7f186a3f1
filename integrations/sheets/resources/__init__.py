"""The base of every resource: what a model's rows look like in a sheet, and what a sheet's rows mean for the model.

A resource opts in with a few lines:

    class RoomResource(SheetResource):
        number = Column("number", _("number"), required=True)
        floor = Column("floor", _("floor"))

        class Meta:
            model = Room
            fields = ("number", "floor")        # the allow-list, in the order of the sheet
            import_id_fields = ("number",)      # the business key: how a row finds what it is about

    SHEET_RESOURCES = {"rooms": "rooms.resources.RoomResource"}
"""

from integrations.sheets.resources.sheet import SheetResource, resource_class

__all__ = ["SheetResource", "resource_class"]
