"""Starting on a database server: nodes at once, neighbours, and servers that are not as they should be."""

import pytest

from tests.clients import until
from tests.databases.databases import Database
from tests.databases.mariadb import bare_server
from tests.office import NotOpened

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

PASSWORD = "Str0ngWord"


class TestStart:
    def test_says_that_nobody_may_make_tables(self, database, open_office):
        user = f"reader_{database.name}"
        database.ask(
            f"CREATE USER {user} PASSWORD '{PASSWORD}'"
            if database.engine == "postgres"
            else f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'"
        )
        grant = f"GRANT CONNECT ON DATABASE {database.name} TO {user}"
        database.ask(
            grant if database.engine == "postgres" else f"GRANT SELECT ON {database.name}.* TO {user}@'127.0.0.1'"
        )
        try:
            with pytest.raises(NotOpened) as said:
                open_office(database, DATABASE_URL=database.address(user=user, password=PASSWORD)).open()
        finally:
            if database.engine == "postgres":
                database.ask(f"DROP OWNED BY {user}")
            database.ask(f"DROP USER {user}" + ("" if database.engine == "postgres" else "@'127.0.0.1'"))

        assert f"{user} may not create tables in the database {database.name}" in str(said.value)
        assert "GRANT" in str(said.value)
        assert "Traceback" not in str(said.value)

    def test_says_that_texts_cannot_be_stored_or_compared(self, database, open_office):
        if database.engine == "postgres":
            database.drop()
            database.create("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
            expected = f"The database {database.name} stores texts as LATIN1"
        else:
            database.ask("CREATE TABLE accounts_user (username varchar(150)) COLLATE utf8mb4_general_ci")
            expected = "ALTER TABLE `accounts_user` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"

        with pytest.raises(NotOpened) as said:
            open_office(database).open()

        assert expected in str(said.value)
        assert "Traceback" not in str(said.value)

    def test_needs_no_care_for_the_server_s_own_character_set(self, engine, database, open_office):
        if engine == "postgres":
            pytest.skip("a PostgreSQL database has one encoding for good; the test before has the wrong one")
        database.drop()
        database.create("CHARACTER SET latin1")
        administrator = open_office(database).open().sign_in()

        assert administrator.post("departments/", {"name": "总部 🏢"}).json()["name"] == "总部 🏢"
        assert administrator.post("departments/", {"name": "总部 🏣"}).status_code == 201

    def test_waits_for_its_own_database_s_other_node_only(self, engine, database, open_office):
        neighbour = Database(engine)
        neighbour.create()
        try:
            with database.start_lock_held():
                waiting = open_office(database)
                waiting.start()
                until(lambda: "Waiting for another node" in waiting.output, "it waits for the start lock")
                open_office(neighbour).open().close()
                assert waiting.process.poll() is None
                assert "Open " not in waiting.output
            until(lambda: "Open " in waiting.output, "it starts when the lock is free")
        finally:
            neighbour.drop()


class TestZones:
    def test_that_the_server_does_not_know_are_told_of(self, tmp_path, new_office):
        with bare_server(tmp_path) as url:
            office = new_office(DATABASE_URL=url)

            assert "MariaDB does not know any time zone" in office.output
            assert "mariadb-tzinfo-to-sql" in office.output
            administrator = office.sign_in()
            assert administrator.get("users/").status_code == 200
            office.close()
