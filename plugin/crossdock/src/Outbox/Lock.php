<?php
/**
 * One runner at a time.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Wp\Database;

/**
 * A lock of the database that ends with the connection, so that a killed runner leaves none behind. It spares work; that no row
 * is sent twice does not depend on it.
 */
class Lock {

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * Takes the database.
	 *
	 * @param Database $database The site's database.
	 */
	public function __construct( Database $database ) {
		$this->database = $database;
	}

	/**
	 * Takes the lock if it is free.
	 *
	 * @return bool Whether this process may run. A database that has no such locks lets everybody run.
	 */
	public function take(): bool {
		return '0' !== $this->database->value( 'SELECT GET_LOCK(%s, 0)', $this->name() );
	}

	/**
	 * Gives the lock back.
	 *
	 * @return void
	 */
	public function give(): void {
		$this->database->value( 'SELECT RELEASE_LOCK(%s)', $this->name() );
	}

	/**
	 * Returns the lock's name: one for each site on the database server.
	 *
	 * @return string
	 */
	private function name(): string {
		return 'crossdock_' . substr( md5( DB_NAME . $this->database->table( 'outbox' ) ), 0, 20 );
	}
}
