<?php
/**
 * What a mapping makes of a record.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Wp\Json;

/**
 * Prints the preview of a mapping.
 */
final class MappingPreview {

	/**
	 * Prints a preview.
	 *
	 * @param Answer $answer What the hub made of the record.
	 * @return void
	 */
	public static function show( Answer $answer ): void {
		echo '<h2 id="crossdock-preview" tabindex="-1">' . esc_html__( 'Preview with a real record', 'crossdock' ) . '</h2>';
		if ( ! $answer->ok() ) {
			HubWords::notice( $answer );
			return;
		}
		echo '<p>' . esc_html__( 'Nothing was saved and nothing was sent.', 'crossdock' ) . '</p>';
		self::table( array_values( array_filter( (array) ( $answer->data['fields'] ?? array() ), 'is_array' ) ) );
	}

	/**
	 * Prints fields as a mapping makes them.
	 *
	 * @param array<int, array<mixed>> $fields Each object, name, value, from, problem.
	 * @return void
	 */
	public static function table( array $fields ): void {
		$table = new Table(
			__( 'Fields of the destination as the mapping makes them', 'crossdock' ),
			array(
				'name'    => __( 'Destination field', 'crossdock' ),
				'value'   => __( 'Value', 'crossdock' ),
				'from'    => __( 'From', 'crossdock' ),
				'problem' => __( 'Trouble', 'crossdock' ),
			)
		);
		$table->show( $fields, array( self::class, 'cell' ), __( 'The mapping makes nothing of this record.', 'crossdock' ) );
	}

	/**
	 * Prints a cell.
	 *
	 * @param array<mixed> $field  The field.
	 * @param string       $column The column.
	 * @return void
	 */
	public static function cell( array $field, string $column ): void {
		$value = $field[ $column ] ?? null;
		if ( 'name' === $column ) {
			echo '<strong>' . esc_html( self::text( $field['object'] ?? '' ) . '.' . self::text( $value ) ) . '</strong>';
		} elseif ( 'problem' === $column ) {
			$words = is_array( $value ) ? implode( ' ', array_filter( array( self::text( $value['rule'] ?? '' ), self::text( $value['remedy'] ?? '' ) ), 'strlen' ) ) : self::text( $value );
			if ( '' !== $words ) {
				State::show( 'error', $words );
			}
		} elseif ( null === $value || '' === $value || array() === $value ) {
			echo '<em>' . esc_html__( 'nothing', 'crossdock' ) . '</em>';
		} else {
			echo esc_html( self::text( $value ) );
		}
	}

	/**
	 * Returns a value as text.
	 *
	 * @param mixed $value Text, number, boolean or a list of them.
	 * @return string
	 */
	private static function text( $value ): string {
		if ( is_array( $value ) ) {
			return Json::encode( $value );
		}
		return is_bool( $value ) ? ( $value ? 'true' : 'false' ) : (string) $value;
	}
}
