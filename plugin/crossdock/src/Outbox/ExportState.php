<?php
/**
 * Where the bulk export stands.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Wp\Options;

/**
 * Keeps the export in an option that is never loaded by itself; it is read past all caches and changed so that nobody's
 * change is lost.
 */
class ExportState {

	/**
	 * The option.
	 */
	public const OPTION = 'crossdock_export';

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * Takes the options.
	 *
	 * @param Options $options WordPress' options.
	 */
	public function __construct( Options $options ) {
		$this->options = $options;
	}

	/**
	 * Returns the export.
	 *
	 * @return array<string, mixed> Empty when there never was one.
	 */
	public function kept(): array {
		$kept = $this->options->fresh( self::OPTION, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Changes the export.
	 *
	 * @param callable $change Takes the export and returns what it shall be.
	 * @return void
	 */
	public function change( callable $change ): void {
		$this->options->change(
			self::OPTION,
			static function ( $kept ) use ( $change ): array {
				return $change( is_array( $kept ) ? $kept : array() );
			}
		);
	}

	/**
	 * Returns the first kind that is not through; empty when all are.
	 *
	 * @param array<string, mixed> $export The export.
	 */
	public static function unfinished( array $export ): string {
		foreach ( (array) ( $export['parts'] ?? array() ) as $kind => $part ) {
			if ( ! $part['done'] ) {
				return (string) $kind;
			}
		}
		return '';
	}
}
