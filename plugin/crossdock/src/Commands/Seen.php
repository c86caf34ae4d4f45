<?php
/**
 * Which commands and nonces were seen.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;

/**
 * Remembers the ids of the hub's commands (30 days) and the nonces of its requests (twice the window) in one table: an
 * id is taken by one INSERT, so that of two requests at the same moment only one is first.
 */
class Seen {

	/**
	 * Seconds a command is remembered.
	 */
	public const COMMANDS = 2592000;

	/**
	 * Seconds a nonce is remembered: a request is let in 300 s before and after its time.
	 */
	public const NONCES = 900;

	/**
	 * Seconds after which a command that was begun and never ended (the host died) may be begun again.
	 */
	private const LAPSED = 120;

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The clock.
	 */
	public function __construct( Database $database, Clock $clock ) {
		$this->database = $database;
		$this->clock    = $clock;
	}

	/**
	 * Takes a nonce.
	 *
	 * @param string $key   The key it was used with.
	 * @param string $nonce The nonce.
	 * @return bool False when it was taken before, or cannot be remembered.
	 */
	public function first( string $key, string $nonce ): bool {
		$id = 'n-' . substr( hash( 'sha256', $key . "\n" . $nonce ), 0, 34 );
		return 1 === $this->insert( $id, 'nonce', '', 'seen' );
	}

	/**
	 * Begins a command.
	 *
	 * @param string $id     The command's id.
	 * @param string $action What it does.
	 * @param string $target On what, e.g. `user:12`.
	 * @return string `new`: carry it out and call `end`; `busy`: another request carries it out; else how it ended (done, refused).
	 */
	public function begin( string $id, string $action, string $target ): string {
		if ( 1 === $this->insert( $id, $action, $target, 'begun' ) ) {
			return 'new';
		}
		$now  = $this->clock->now();
		$mine = $this->database->run(
			"UPDATE {command} SET at = %s WHERE id = %s AND status = 'begun' AND at < %s",
			Moment::stored( $now ),
			$id,
			Moment::stored( $now - self::LAPSED )
		);
		if ( $mine > 0 ) {
			return 'new';
		}
		$status = (string) $this->database->value( 'SELECT status FROM {command} WHERE id = %s', $id );
		return 'done' === $status || 'refused' === $status ? $status : 'busy';
	}

	/**
	 * Ends a command.
	 *
	 * @param string                    $id      The command's id.
	 * @param string                    $status  done or refused.
	 * @param array<string, mixed>|null $problem Why it was refused.
	 * @return void
	 */
	public function end( string $id, string $status, ?array $problem ): void {
		$this->database->run( 'UPDATE {command} SET status = %s, problem = %s WHERE id = %s', $status, null === $problem ? '' : Json::encode( $problem ), $id );
	}

	/**
	 * Returns why a command was refused.
	 *
	 * @param string $id The command's id.
	 * @return array<string, mixed>|null Null when it was not.
	 */
	public function problem( string $id ): ?array {
		$kept = (string) $this->database->value( 'SELECT problem FROM {command} WHERE id = %s', $id );
		return '' === $kept ? null : Json::decode( $kept );
	}

	/**
	 * Forgets what is old.
	 *
	 * @return void
	 */
	public function forget_old(): void {
		$now = $this->clock->now();
		$this->database->run( "DELETE FROM {command} WHERE action = 'nonce' AND at < %s LIMIT 10000", Moment::stored( $now - self::NONCES ) );
		$this->database->run( 'DELETE FROM {command} WHERE at < %s LIMIT 10000', Moment::stored( $now - self::COMMANDS ) );
	}

	/**
	 * Inserts an id.
	 *
	 * @param string $id     The id, at most 36 characters.
	 * @param string $action What it does.
	 * @param string $target On what.
	 * @param string $status How it stands.
	 * @return int Rows inserted; 0 when it was there.
	 */
	private function insert( string $id, string $action, string $target, string $status ): int {
		return $this->database->run(
			"INSERT IGNORE INTO {command} (id, action, target, status, problem, at) VALUES (%s, %s, %s, %s, '', %s)",
			$id,
			substr( $action, 0, 32 ),
			substr( $target, 0, 96 ),
			$status,
			Moment::stored( $this->clock->now() )
		);
	}
}
