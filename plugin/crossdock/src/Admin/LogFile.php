<?php
/**
 * The log as a file.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Monitor\LogEntries;

/**
 * Sends the log as CSV, in steps, so that a long log needs no memory.
 */
final class LogFile {

	/**
	 * Lines read at once.
	 */
	private const STEP = 500;

	/**
	 * The columns.
	 */
	private const COLUMNS = array( 'at', 'last_at', 'times', 'level', 'code', 'message', 'context' );

	/**
	 * The log.
	 *
	 * @var LogEntries
	 */
	private LogEntries $entries;

	/**
	 * Notes what it needs.
	 *
	 * @param LogEntries $entries The log.
	 */
	public function __construct( LogEntries $entries ) {
		$this->entries = $entries;
	}

	/**
	 * Sends the file and ends the request.
	 *
	 * @param string $level Only this level; empty for all.
	 * @param string $text  Only lines that hold this; empty for all.
	 * @return void
	 */
	public function send( string $level, string $text ): void {
		nocache_headers();
		header( 'Content-Type: text/csv; charset=utf-8' );
		header( 'Content-Disposition: attachment; filename="crossdock-log-' . gmdate( 'Y-m-d' ) . '.csv"' );
		$out = fopen( 'php://output', 'w' );
		if ( false !== $out ) {
			$this->write( $out, $level, $text );
		}
		exit;
	}

	/**
	 * Writes the lines.
	 *
	 * @param resource $out   Where to.
	 * @param string   $level Only this level; empty for all.
	 * @param string   $text  Only lines that hold this; empty for all.
	 * @return int Lines written.
	 */
	public function write( $out, string $level, string $text ): int {
		fputcsv( $out, self::COLUMNS, ',', '"', '\\' );
		$done = 0;
		do {
			$lines = $this->entries->find( $level, $text, self::STEP, $done );
			foreach ( $lines as $line ) {
				$cells = array();
				foreach ( self::COLUMNS as $column ) {
					$cells[] = self::harmless( (string) $line[ $column ] );
				}
				fputcsv( $out, $cells, ',', '"', '\\' );
			}
			$done += count( $lines );
		} while ( self::STEP === count( $lines ) );
		return $done;
	}

	/**
	 * Returns a text that no spreadsheet takes for a formula.
	 *
	 * @param string $text The text.
	 * @return string
	 */
	private static function harmless( string $text ): string {
		return '' !== $text && false !== strpos( "=+-@\t\r", $text[0] ) ? "'" . $text : $text;
	}
}
