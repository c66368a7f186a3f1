"""MariaDB and MySQL as Django's own backend knows them, made to agree with SQLite and PostgreSQL. See docs/databases.md."""

import pymysql

# before Django's backend looks for mysqlclient, which wants a compiler
pymysql.install_as_MySQLdb()
