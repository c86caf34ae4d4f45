<?php
/**
 * How commands speak.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Causes;
use Crossdock\Hub\Diagnosis;
use Crossdock\Settings\Fault;
use Crossdock\Settings\Words;
use WP_CLI;

/**
 * Prints rows, documents, faults and the hub's refusals in WP-CLI's way.
 */
final class Told {

	/**
	 * Prints rows as a table or in the format that is asked for.
	 *
	 * @param array<int, array<string, mixed>> $rows   The rows.
	 * @param array<int, string>               $fields Their columns.
	 * @param array<string, mixed>             $flags  The command's flags: format.
	 * @return void
	 */
	public static function rows( array $rows, array $fields, array $flags ): void {
		\WP_CLI\Utils\format_items( (string) ( $flags['format'] ?? 'table' ), $rows, $fields );
	}

	/**
	 * Prints a document: as JSON, or one line a value.
	 *
	 * @param array<string, mixed> $document The document.
	 * @param array<string, mixed> $flags    The command's flags: format.
	 * @return void
	 */
	public static function document( array $document, array $flags ): void {
		if ( 'json' === ( $flags['format'] ?? '' ) ) {
			WP_CLI::line( (string) wp_json_encode( $document, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
			return;
		}
		foreach ( $document as $name => $value ) {
			$text = is_bool( $value ) ? ( $value ? 'yes' : 'no' ) : ( is_array( $value ) || null === $value ? (string) wp_json_encode( $value, JSON_UNESCAPED_SLASHES ) : (string) $value );
			WP_CLI::line( $name . ': ' . $text );
		}
	}

	/**
	 * Ends with what is wrong, when anything is.
	 *
	 * @param array<int, Fault> $faults What is wrong.
	 * @return void
	 */
	public static function faults( array $faults ): void {
		$lines = array();
		foreach ( $faults as $fault ) {
			$lines[] = $fault->field . ' (' . Words::of( $fault->field )['label'] . '): ' . $fault->remedy;
		}
		if ( array() !== $lines ) {
			WP_CLI::error( implode( "\n", $lines ) );
		}
	}

	/**
	 * Ends with why the hub refused, when it did.
	 *
	 * @param Answer $answer The hub's answer.
	 * @return void
	 */
	public static function answer( Answer $answer ): void {
		if ( ! $answer->ok() ) {
			$found = new Diagnosis( $answer, microtime( true ) );
			$words = Causes::words( $found );
			WP_CLI::error( trim( $words['title'] . ' ' . $words['remedy'] . ( '' === $found->said ? '' : ' (' . $found->said . ')' ) ) );
		}
	}
}
