"""The storage that keeps the settings of users' connections in rows (GATEWAY_KEEP_SETTINGS)."""

from collections.abc import Collection, Mapping

from django.utils import timezone

from realtime.models import KeptSettings


class KeptInRows:
    """One row per user; see realtime/storage.py for what is asked of a storage."""

    async def query(self, user_id: int) -> Mapping[str, str]:
        row = await KeptSettings.objects.filter(pk=user_id).afirst()
        return row.values if row else {}

    async def store(self, user_id: int, settings: Mapping[str, str]) -> None:
        await KeptSettings.objects.aupdate_or_create(
            pk=user_id, defaults={"values": dict(settings), "seen_at": timezone.now()}
        )

    async def delete(self, user_id: int) -> None:
        await KeptSettings.objects.filter(pk=user_id).adelete()

    async def heartbeat(self, user_ids: Collection[int]) -> None:
        await KeptSettings.objects.filter(pk__in=user_ids).aupdate(seen_at=timezone.now())
