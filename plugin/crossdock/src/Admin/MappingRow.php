<?php
/**
 * One rule of a mapping.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Mapping\Draft;
use Crossdock\Wp\Json;

/**
 * Prints a rule as a row of the form.
 */
final class MappingRow {

	/**
	 * Of how many fields a list is still one to choose from; of more one types and is offered what fits.
	 */
	private const MANY = 150;

	/**
	 * The object's place in the mapping.
	 *
	 * @var int
	 */
	private int $place;

	/**
	 * The destination's fields: name => words.
	 *
	 * @var array<string, string>
	 */
	private array $targets;

	/**
	 * The names of the transforms.
	 *
	 * @var array<int, string>
	 */
	private array $transforms;

	/**
	 * Whether the list of the destination's fields was printed.
	 *
	 * @var bool
	 */
	private bool $listed = false;

	/**
	 * Notes what it prints from.
	 *
	 * @param int                   $place      The object's place in the mapping.
	 * @param array<string, string> $targets    The destination's fields: name => words.
	 * @param array<int, string>    $transforms The names of the transforms.
	 */
	public function __construct( int $place, array $targets, array $transforms ) {
		$this->place      = $place;
		$this->targets    = $targets;
		$this->transforms = $transforms;
	}

	/**
	 * Prints a row.
	 *
	 * @param int            $number Its number.
	 * @param \stdClass|null $rule   The rule; null for an empty row.
	 * @return void
	 */
	public function show( int $number, ?\stdClass $rule ): void {
		$name = 'rule[' . $this->place . '][' . $number . ']';
		/* translators: %s: number of a row. */
		$row = sprintf( __( 'rule %s', 'crossdock' ), number_format_i18n( $number + 1 ) );
		echo '<tr' . ( null === $rule ? ' class="crossdock-spare"' : '' ) . '><td data-colname="' . esc_attr__( 'Destination field', 'crossdock' ) . '">';
		$this->target( $name, $row, (string) ( $rule->target ?? '' ) );
		echo '<input type="hidden" name="' . esc_attr( $name . '[keep]' ) . '" value="' . esc_attr( null === $rule ? '{}' : Json::encode( $rule ) ) . '"></td>';
		echo '<td data-colname="' . esc_attr__( 'Source', 'crossdock' ) . '">';
		$this->source( $name, $row, $rule );
		echo '</td><td data-colname="' . esc_attr__( 'Transforms', 'crossdock' ) . '">';
		$this->chain( $name, $row, (array) ( $rule->transforms ?? array() ) );
		echo '</td><td data-colname="' . esc_attr__( 'Without a value', 'crossdock' ) . '">';
		$this->missing( $name, $row, $rule );
		echo '</td><td data-colname="' . esc_attr__( 'Remove', 'crossdock' ) . '">';
		if ( null !== $rule ) {
			echo '<label><input type="checkbox" name="' . esc_attr( $name . '[drop]' ) . '" value="1"> <span class="screen-reader-text">' . esc_html( $row ) . ' </span>' . esc_html__( 'Remove', 'crossdock' ) . '</label>';
		}
		echo '</td></tr>';
	}

	/**
	 * Prints the choice of the destination's field.
	 *
	 * @param string $name   Name of the row's fields.
	 * @param string $row    The row in words.
	 * @param string $target What is chosen.
	 * @return void
	 */
	private function target( string $name, string $row, string $target ): void {
		$label = __( 'Destination field', 'crossdock' ) . ', ' . $row;
		if ( count( $this->targets ) > self::MANY ) {
			$list = 'crossdock-targets-' . $this->place;
			echo '<input type="text" name="' . esc_attr( $name . '[target]' ) . '" list="' . esc_attr( $list ) . '" value="' . esc_attr( $target ) . '" aria-label="' . esc_attr( $label ) . '">';
			if ( ! $this->listed ) {
				$this->listed = true;
				echo '<datalist id="' . esc_attr( $list ) . '">';
				Choice::options( $this->targets, '' );
				echo '</datalist>';
			}
			return;
		}
		$choices = array( '' => __( '— choose —', 'crossdock' ) ) + $this->targets;
		if ( '' !== $target && ! isset( $choices[ $target ] ) ) {
			/* translators: %s: name of a field. */
			$choices[ $target ] = sprintf( __( '%s (unknown to the destination)', 'crossdock' ), $target );
		}
		Choice::select( $name . '[target]', $label, $choices, $target );
	}

	/**
	 * Prints the choice of the source.
	 *
	 * @param string         $name Name of the row's fields.
	 * @param string         $row  The row in words.
	 * @param \stdClass|null $rule The rule.
	 * @return void
	 */
	private function source( string $name, string $row, ?\stdClass $rule ): void {
		$how = 'path';
		foreach ( Draft::SOURCES as $one ) {
			$how = isset( $rule->$one ) ? $one : $how;
		}
		$words = array(
			'path'       => __( 'Field', 'crossdock' ),
			'constant'   => __( 'Fixed text', 'crossdock' ),
			'template'   => __( 'Template with {fields}', 'crossdock' ),
			'expression' => __( 'Expression (JMESPath)', 'crossdock' ),
		);
		Choice::select( $name . '[how]', __( 'Kind of source', 'crossdock' ) . ', ' . $row, $words, $how );
		echo ' <input type="text" class="code" list="crossdock-sources" name="' . esc_attr( $name . '[source]' ) . '" value="' . esc_attr( (string) ( $rule->$how ?? '' ) ) . '" aria-label="' . esc_attr( __( 'Source', 'crossdock' ) . ', ' . $row ) . '">';
	}

	/**
	 * Prints the transforms, and one empty place.
	 *
	 * @param string       $name  Name of the row's fields.
	 * @param string       $row   The row in words.
	 * @param array<mixed> $chain The transforms.
	 * @return void
	 */
	private function chain( string $name, string $row, array $chain ): void {
		$known = array_combine( $this->transforms, $this->transforms );
		foreach ( array_merge( array_values( $chain ), array( '' ) ) as $number => $entry ) {
			list( $transform, $argument ) = Draft::transform( $entry );
			$choices                      = array( '' => '–' ) + ( is_array( $known ) ? $known : array() ) + ( '' === $transform ? array() : array( $transform => $transform ) );
			$field                        = $name . '[transforms][' . $number . ']';
			/* translators: 1: number of a transform, 2: number of a row. */
			$label = sprintf( __( 'Transform %1$s, %2$s', 'crossdock' ), number_format_i18n( $number + 1 ), $row );
			echo '<div class="crossdock-transform">';
			Choice::select( $field . '[name]', $label, $choices, $transform );
			echo ' <input type="text" class="code" name="' . esc_attr( $field . '[argument]' ) . '" value="' . esc_attr( $argument ) . '" placeholder="' . esc_attr__( 'argument', 'crossdock' ) . '" aria-label="' . esc_attr( __( 'Argument', 'crossdock' ) . ', ' . $label ) . '"></div>';
		}
	}

	/**
	 * Prints what happens without a value.
	 *
	 * @param string         $name Name of the row's fields.
	 * @param string         $row  The row in words.
	 * @param \stdClass|null $rule The rule.
	 * @return void
	 */
	private function missing( string $name, string $row, ?\stdClass $rule ): void {
		$words = array(
			'skip'    => __( 'Leave the field alone', 'crossdock' ),
			'null'    => __( 'Empty the field', 'crossdock' ),
			'default' => __( 'Use this text:', 'crossdock' ),
			'fail'    => __( 'Do not deliver', 'crossdock' ),
		);
		Choice::select( $name . '[missing]', __( 'Without a value', 'crossdock' ) . ', ' . $row, $words, (string) ( $rule->when_missing ?? 'skip' ) );
		echo ' <input type="text" class="crossdock-default" name="' . esc_attr( $name . '[default]' ) . '" value="' . esc_attr( (string) ( $rule->default ?? '' ) ) . '" aria-label="' . esc_attr( __( 'Text without a value', 'crossdock' ) . ', ' . $row ) . '">';
		echo '<label class="crossdock-blanks"><input type="checkbox" name="' . esc_attr( $name . '[blanks]' ) . '" value="1"' . checked( ! empty( $rule->fill_blanks ), true, false ) . '> <span class="screen-reader-text">' . esc_html( $row ) . ' </span>' . esc_html__( 'Only fill blanks', 'crossdock' ) . '</label>';
	}
}
