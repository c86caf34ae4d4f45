<?php
/**
 * The plugin's tables.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Wp\Database;

/**
 * Makes and drops the tables of the present site: outbox (the queue), log, command (ids of the hub's commands).
 */
class Tables {

	/**
	 * Name => columns and keys. `claim` serves the taking of the next rows by priority and time, `lapsed` the rows whose taker
	 * died, `taken` the reading of what was just taken, `story` what is known of one order or person, `old` the cleanup.
	 */
	private const ALL = array(
		'outbox'  => "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
			event_id CHAR(36) NOT NULL,
			kind VARCHAR(16) NOT NULL,
			action VARCHAR(16) NOT NULL,
			type VARCHAR(64) NOT NULL DEFAULT '',
			entity VARCHAR(96) NOT NULL DEFAULT '',
			waiting_key VARCHAR(128) NULL,
			priority TINYINT UNSIGNED NOT NULL DEFAULT 2,
			state VARCHAR(12) NOT NULL DEFAULT 'waiting',
			origin VARCHAR(8) NOT NULL DEFAULT 'live',
			payload LONGTEXT NULL,
			changes INT UNSIGNED NOT NULL DEFAULT 1,
			attempts INT UNSIGNED NOT NULL DEFAULT 0,
			next_at DATETIME(3) NOT NULL,
			claimed_until DATETIME(3) NULL,
			claimed_by CHAR(36) NULL,
			created_at DATETIME(3) NOT NULL,
			changed_at DATETIME(3) NOT NULL,
			sent_at DATETIME(3) NULL,
			error_code VARCHAR(64) NULL,
			error TEXT NULL,
			hub_event VARCHAR(40) NULL,
			PRIMARY KEY (id),
			UNIQUE KEY event (event_id),
			UNIQUE KEY waiting (waiting_key),
			KEY claim (state, priority, next_at, id),
			KEY due (state, next_at),
			KEY lapsed (state, claimed_until),
			KEY taken (claimed_by),
			KEY story (entity, id),
			KEY old (state, changed_at)",
		'log'     => "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
			at DATETIME(3) NOT NULL,
			last_at DATETIME(3) NOT NULL,
			times INT UNSIGNED NOT NULL DEFAULT 1,
			level VARCHAR(8) NOT NULL,
			code VARCHAR(64) NOT NULL DEFAULT '',
			message TEXT NOT NULL,
			context LONGTEXT NULL,
			PRIMARY KEY (id),
			KEY last_at (last_at),
			KEY level (level, last_at),
			KEY code (code, last_at)",
		'command' => "id CHAR(36) NOT NULL,
			action VARCHAR(32) NOT NULL,
			target VARCHAR(96) NOT NULL DEFAULT '',
			status VARCHAR(16) NOT NULL,
			problem TEXT NULL,
			at DATETIME(3) NOT NULL,
			PRIMARY KEY (id),
			KEY at (at)",
	);

	/**
	 * The database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * Takes the database.
	 *
	 * @param Database $database The database.
	 */
	public function __construct( Database $database ) {
		$this->database = $database;
	}

	/**
	 * Returns the tables' short names.
	 *
	 * @return array<int, string>
	 */
	public function names(): array {
		return array_keys( self::ALL );
	}

	/**
	 * Makes what is missing; what is there stays.
	 *
	 * @return string What the database complained of; empty when all tables are there.
	 */
	public function make(): string {
		foreach ( self::ALL as $name => $columns ) {
			if ( $this->database->run( 'CREATE TABLE IF NOT EXISTS {' . $name . '} (' . $columns . ') ENGINE=InnoDB ' . $this->database->charset() ) < 0 ) {
				return $this->database->trouble();
			}
		}
		return '';
	}

	/**
	 * Returns which tables are missing.
	 *
	 * @return array<int, string>
	 */
	public function missing(): array {
		$missing = array();
		foreach ( $this->names() as $name ) {
			$full = $this->database->table( $name );
			if ( null === $this->database->value( 'SHOW TABLES LIKE %s', addcslashes( $full, '_%\\' ) ) ) {
				$missing[] = $name;
			}
		}
		return $missing;
	}

	/**
	 * Returns how many changes the outbox holds that the hub does not have.
	 *
	 * @return int
	 */
	public function unsent(): int {
		if ( in_array( 'outbox', $this->missing(), true ) ) {
			return 0;
		}
		return (int) $this->database->value( "SELECT COUNT(*) FROM {outbox} WHERE state <> 'sent'" );
	}

	/**
	 * Drops the tables with all they hold.
	 *
	 * @return void
	 */
	public function drop(): void {
		foreach ( $this->names() as $name ) {
			$this->database->run( 'DROP TABLE IF EXISTS {' . $name . '}' );
		}
	}
}
