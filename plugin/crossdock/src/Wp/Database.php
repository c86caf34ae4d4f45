<?php
/**
 * WordPress' database.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Runs statements on the site's database. Statements are constants of the code; what comes from outside goes in as
 * arguments (`%s`, `%d`, `%f`), and `{outbox}`, `{log}`, `{command}` stand for the plugin's tables; `{wp:posts}` and the like
 * for WordPress' own and its plugins' (of this site, or of the network where they are shared).
 */
class Database {

	/**
	 * Returns the full name of one of the plugin's tables on this site.
	 *
	 * @param string $name outbox, log or command.
	 * @return string
	 */
	public function table( string $name ): string {
		global $wpdb;
		return $wpdb->prefix . 'crossdock_' . $name;
	}

	/**
	 * Returns what this site's tables begin with.
	 *
	 * @return string
	 */
	public function table_prefix(): string {
		global $wpdb;
		return (string) $wpdb->prefix;
	}

	/**
	 * Runs a statement that changes rows.
	 *
	 * @param string $sql     The statement with placeholders.
	 * @param mixed  ...$args What the placeholders stand for.
	 * @return int Rows changed; -1 when the database refused (see `trouble`).
	 */
	public function run( string $sql, ...$args ): int {
		global $wpdb;
		$done = $wpdb->query( $this->prepared( $sql, $args ) );
		return false === $done ? -1 : (int) $done;
	}

	/**
	 * Returns the rows of a query.
	 *
	 * @param string $sql     The query with placeholders.
	 * @param mixed  ...$args What the placeholders stand for.
	 * @return array<int, array<string, string|null>>
	 */
	public function rows( string $sql, ...$args ): array {
		global $wpdb;
		$rows = $wpdb->get_results( $this->prepared( $sql, $args ), ARRAY_A );
		return is_array( $rows ) ? $rows : array();
	}

	/**
	 * Returns the first row of a query, null when there is none.
	 *
	 * @param string $sql     The query with placeholders.
	 * @param mixed  ...$args What the placeholders stand for.
	 * @return array<string, string|null>|null
	 */
	public function row( string $sql, ...$args ): ?array {
		return $this->rows( $sql, ...$args )[0] ?? null;
	}

	/**
	 * Returns the first value of a query's first row, null when there is none.
	 *
	 * @param string $sql     The query with placeholders.
	 * @param mixed  ...$args What the placeholders stand for.
	 * @return string|null
	 */
	public function value( string $sql, ...$args ): ?string {
		$row = $this->row( $sql, ...$args );
		return null === $row ? null : reset( $row );
	}

	/**
	 * Returns what the database last complained of; empty when it did not.
	 *
	 * @return string
	 */
	public function trouble(): string {
		global $wpdb;
		return (string) $wpdb->last_error;
	}

	/**
	 * Returns the site's character set and collation as the end of a CREATE TABLE.
	 *
	 * @return string
	 */
	public function charset(): string {
		global $wpdb;
		return (string) $wpdb->get_charset_collate();
	}

	/**
	 * Returns the full name of a table of WordPress or of another plugin.
	 *
	 * @param string $name options, posts, users, wc_orders …
	 * @return string
	 */
	private function others( string $name ): string {
		global $wpdb;
		return in_array( $name, $wpdb->tables( 'all', false ), true ) ? (string) $wpdb->$name : $wpdb->prefix . $name;
	}

	/**
	 * Puts the tables' names and the arguments in.
	 *
	 * @param string       $sql  The statement.
	 * @param array<mixed> $args The arguments.
	 * @return string
	 */
	private function prepared( string $sql, array $args ): string {
		global $wpdb;
		$sql = (string) preg_replace_callback(
			'/\{(wp:)?([a-z_]+)\}/',
			function ( array $found ): string {
				return '`' . ( '' === $found[1] ? $this->table( $found[2] ) : $this->others( $found[2] ) ) . '`';
			},
			$sql
		);
		return array() === $args ? $sql : (string) $wpdb->prepare( $sql, $args );
	}
}
