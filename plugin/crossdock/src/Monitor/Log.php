<?php
/**
 * The error log.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;

/**
 * Writes what went wrong (and what was done about it) into the plugin's own table and reads it. It holds no secret and
 * no personal data (`Redaction`), is bounded by age and size (`LogEntries::rotate`), and never breaks what calls it.
 */
class Log {

	/**
	 * The levels, the lightest first.
	 */
	public const LEVELS = array( 'debug', 'info', 'warning', 'error' );

	/**
	 * One line of so many also rotates the log.
	 */
	private const BOUND = 500;

	/**
	 * Seconds in which the same thing said again is counted, not written anew.
	 */
	private const SAME = 300;

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
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * What bounds the log.
	 *
	 * @var LogEntries
	 */
	private LogEntries $entries;

	/**
	 * Notes what it needs.
	 *
	 * @param Database   $database The site's database.
	 * @param Clock      $clock    The clock.
	 * @param Settings   $settings The settings: from which level on lines are kept.
	 * @param LogEntries $entries  What bounds the log.
	 */
	public function __construct( Database $database, Clock $clock, Settings $settings, LogEntries $entries ) {
		$this->database = $database;
		$this->clock    = $clock;
		$this->settings = $settings;
		$this->entries  = $entries;
	}

	/**
	 * Writes that something failed.
	 *
	 * @param string               $code    Lower-case words joined by hyphens, e.g. `hub-unreachable`.
	 * @param string               $message Plain words; no data of people, no secrets.
	 * @param array<string, mixed> $context Ids, counts and codes (see `Redaction::KEPT`).
	 * @return void
	 */
	public function error( string $code, string $message, array $context = array() ): void {
		$this->write( 'error', $code, $message, $context );
	}

	/**
	 * Writes that something needs an eye.
	 *
	 * @param string               $code    As for `error`.
	 * @param string               $message As for `error`.
	 * @param array<string, mixed> $context As for `error`.
	 * @return void
	 */
	public function warning( string $code, string $message, array $context = array() ): void {
		$this->write( 'warning', $code, $message, $context );
	}

	/**
	 * Writes that something was done.
	 *
	 * @param string               $code    As for `error`.
	 * @param string               $message As for `error`.
	 * @param array<string, mixed> $context As for `error`.
	 * @return void
	 */
	public function info( string $code, string $message, array $context = array() ): void {
		$this->write( 'info', $code, $message, $context );
	}

	/**
	 * Writes what only somebody who looks for a fault wants to know.
	 *
	 * @param string               $code    As for `error`.
	 * @param string               $message As for `error`.
	 * @param array<string, mixed> $context As for `error`.
	 * @return void
	 */
	public function debug( string $code, string $message, array $context = array() ): void {
		$this->write( 'debug', $code, $message, $context );
	}

	/**
	 * Writes a line; the same line within five minutes only raises its count.
	 *
	 * @param string               $level   One of LEVELS.
	 * @param string               $code    What happened.
	 * @param string               $message Plain words.
	 * @param array<string, mixed> $context Ids, counts and codes.
	 * @return void
	 */
	private function write( string $level, string $code, string $message, array $context ): void {
		if ( array_search( $level, self::LEVELS, true ) < array_search( $this->settings->text( 'log_level' ), self::LEVELS, true ) ) {
			return;
		}
		$now     = $this->clock->now();
		$code    = substr( (string) preg_replace( '/[^a-z0-9_.-]+/', '-', strtolower( $code ) ), 0, 64 );
		$message = Redaction::text( $message );
		$kept    = Redaction::context( $context );
		$again   = $this->database->run(
			'UPDATE {log} SET times = times + 1, last_at = %s WHERE level = %s AND last_at >= %s AND code = %s AND message = %s ORDER BY last_at DESC LIMIT 1',
			Moment::stored( $now ),
			$level,
			Moment::stored( $now - self::SAME ),
			$code,
			$message
		);
		if ( $again > 0 ) {
			return;
		}
		$this->database->run(
			'INSERT INTO {log} (at, last_at, times, level, code, message, context) VALUES (%s, %s, 1, %s, %s, %s, %s)',
			Moment::stored( $now ),
			Moment::stored( $now ),
			$level,
			$code,
			$message,
			Json::encode( (object) $kept )
		);
		if ( 1 === random_int( 1, self::BOUND ) ) {
			// Where cron does not run, the log is bounded all the same.
			$this->entries->rotate();
		}
	}
}
