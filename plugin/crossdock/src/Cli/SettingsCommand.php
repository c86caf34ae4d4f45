<?php
/**
 * The settings on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Container;
use Crossdock\Settings\Fields;
use Crossdock\Settings\Settings;
use Crossdock\Settings\Transfer;
use Crossdock\Settings\Words;
use WP_CLI;

/**
 * Reads and keeps the settings, exports and imports them.
 */
class SettingsCommand {

	/**
	 * Builds what is needed.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the rest.
	 *
	 * @param Container $container Builds what is needed.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Prints one setting, or all.
	 *
	 * ## OPTIONS
	 *
	 * [<name>]
	 * : The setting.
	 *
	 * [--format=<format>]
	 * : Either table, json, csv or yaml, where all are printed.
	 *
	 * @param array<int, string>   $args  The setting.
	 * @param array<string, mixed> $flags The options.
	 */
	public function get( $args, $flags ): void {
		$all = $this->container->get( Settings::class )->all();
		if ( isset( $args[0] ) ) {
			if ( ! isset( $all[ $args[0] ] ) ) {
				/* translators: %s: name of a setting. */
				WP_CLI::error( sprintf( __( 'There is no setting named “%s”.', 'crossdock' ), $args[0] ) );
			}
			WP_CLI::line( $this->text( $all[ $args[0] ] ) );
			return;
		}
		if ( 'json' === ( $flags['format'] ?? '' ) ) {
			Told::document( $all, $flags );
			return;
		}
		$rows = array();
		foreach ( Fields::all() as $name => $field ) {
			$rows[] = array( 'name' => $name, 'value' => $this->text( $all[ $name ] ), 'default' => $this->text( $field['default'] ), 'label' => Words::of( $name )['label'] );
		}
		Told::rows( $rows, array( 'name', 'value', 'default', 'label' ), $flags );
	}

	/**
	 * Keeps one setting.
	 *
	 * ## OPTIONS
	 *
	 * <name>
	 * : The setting.
	 *
	 * <value>
	 * : Its value; yes or no for a switch.
	 *
	 * @param array<int, string>   $args  Name and value.
	 * @param array<string, mixed> $flags None.
	 */
	public function set( $args, $flags ): void {
		Told::faults( $this->container->get( Settings::class )->keep( array( (string) $args[0] => $args[1] ) ) );
		WP_CLI::success( __( 'The settings were kept.', 'crossdock' ) );
	}

	/**
	 * Writes the settings as JSON, without secrets.
	 *
	 * ## OPTIONS
	 *
	 * [<file>]
	 * : Where to; standard output when not given.
	 *
	 * @param array<int, string>   $args  The file.
	 * @param array<string, mixed> $flags None.
	 */
	public function export( $args, $flags ): void {
		$text = $this->container->get( Transfer::class )->export();
		if ( ! isset( $args[0] ) ) {
			WP_CLI::line( rtrim( $text ) );
			return;
		}
		if ( false === file_put_contents( $args[0], $text ) ) {
			/* translators: %s: name of a file. */
			WP_CLI::error( sprintf( __( 'The file %s cannot be written.', 'crossdock' ), $args[0] ) );
		}
		/* translators: %s: name of a file. */
		WP_CLI::success( sprintf( __( 'The settings were written to %s.', 'crossdock' ), $args[0] ) );
	}

	/**
	 * Takes settings from a file; those of before are backed up.
	 *
	 * ## OPTIONS
	 *
	 * <file>
	 * : The file; - for standard input.
	 *
	 * @param array<int, string>   $args  The file.
	 * @param array<string, mixed> $flags None.
	 */
	public function import( $args, $flags ): void {
		$path = '-' === $args[0] ? 'php://stdin' : (string) $args[0];
		if ( '-' !== $args[0] && ! is_readable( $path ) ) {
			/* translators: %s: name of a file. */
			WP_CLI::error( sprintf( __( 'The file %s cannot be read.', 'crossdock' ), $path ) );
		}
		Told::faults( $this->container->get( Transfer::class )->import( (string) file_get_contents( $path, false, null, 0, Transfer::MOST + 1 ) ) );
		WP_CLI::success( __( 'The settings were imported; those of before are in the backups.', 'crossdock' ) );
	}

	/**
	 * Returns a value as it is typed.
	 *
	 * @param bool|int|string $value The value.
	 * @return string
	 */
	private function text( $value ): string {
		return is_bool( $value ) ? ( $value ? 'yes' : 'no' ) : (string) $value;
	}
}
