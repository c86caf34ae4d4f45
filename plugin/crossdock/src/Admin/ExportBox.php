<?php
/**
 * The export of what was there before.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Outbox\BulkExport;
use Crossdock\Outbox\ExportSource;

/**
 * Starts and ends the export of existing people, orders and products and shows how far it is.
 */
class ExportBox {

	/**
	 * Exports all there is.
	 *
	 * @var BulkExport
	 */
	private BulkExport $export;

	/**
	 * What there is to export.
	 *
	 * @var ExportSource
	 */
	private ExportSource $source;

	/**
	 * Notes what it needs.
	 *
	 * @param BulkExport   $export Exports all there is.
	 * @param ExportSource $source What there is to export.
	 */
	public function __construct( BulkExport $export, ExportSource $source ) {
		$this->export = $export;
		$this->source = $source;
	}

	/**
	 * Carries out what a form sent; returns when none was.
	 *
	 * @param string $back Where to go afterwards.
	 * @return void
	 */
	public function load( string $back ): void {
		$sent = Form::sent( 'export-start' );
		if ( null !== $sent ) {
			$kinds = array_map( 'sanitize_key', array_filter( (array) ( $sent['kinds'] ?? array() ), 'is_string' ) );
			if ( array() === $kinds ) {
				Flash::go( 'warning', __( 'Choose what to export.', 'crossdock' ), $back );
			}
			try {
				$this->export->start( array_values( $kinds ) );
			} catch ( \InvalidArgumentException $wrong ) {
				Flash::go( 'error', $wrong->getMessage(), $back );
			}
			Flash::go( 'success', __( 'The export has begun. It goes on by itself behind everything that happens meanwhile.', 'crossdock' ), $back );
		}
		if ( null !== Form::sent( 'export-cancel' ) ) {
			$this->export->cancel();
			Flash::go( 'success', __( 'The export was ended. What the hub has, it keeps.', 'crossdock' ), $back );
		}
	}

	/**
	 * Prints the box.
	 *
	 * @return void
	 */
	public function show(): void {
		$export  = $this->export->progress();
		$running = in_array( $export['state'], array( 'running', 'sending' ), true );
		echo '<h2 id="crossdock-export">' . esc_html__( 'Export of what was there before', 'crossdock' ) . '</h2>';
		if ( 'none' !== $export['state'] ) {
			$this->progress( $export, $running );
		}
		if ( $running ) {
			Form::button( 'export-cancel', __( 'End the export', 'crossdock' ) );
			return;
		}
		Form::open( 'export-start', array(), 'crossdock-actions' );
		echo '<fieldset><legend class="screen-reader-text">' . esc_html__( 'What to export', 'crossdock' ) . '</legend>';
		foreach ( $this->source->kinds() as $kind ) {
			echo '<label><input type="checkbox" name="kinds[]" value="' . esc_attr( $kind ) . '" checked> ' . esc_html( Words::kind( $kind ) ) . '</label> ';
		}
		echo '</fieldset><button class="button">' . esc_html__( 'Export', 'crossdock' ) . '</button></form>';
	}

	/**
	 * Prints how far it is.
	 *
	 * @param array<string, mixed> $export  As `BulkExport::progress`.
	 * @param bool                 $running Whether it goes on.
	 * @return void
	 */
	private function progress( array $export, bool $running ): void {
		$sent  = (int) $export['sent'];
		$total = max( 1, (int) $export['total'] );
		/* translators: 1: number sent, 2: number of all. */
		$words = sprintf( __( '%1$s of %2$s sent', 'crossdock' ), number_format_i18n( $sent ), number_format_i18n( (int) $export['total'] ) );
		echo '<p>';
		if ( $running ) {
			State::show( 'sending', $words );
			echo ' <progress max="' . esc_attr( (string) $total ) . '" value="' . esc_attr( (string) min( $sent, $total ) ) . '" aria-label="' . esc_attr( $words ) . '"></progress>';
		} else {
			State::show( 'cancelled' === $export['state'] ? 'off' : 'ok', 'cancelled' === $export['state'] ? __( 'Ended before it was whole', 'crossdock' ) : $words );
		}
		echo '</p>';
	}
}
