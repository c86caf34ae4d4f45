<?php
/**
 * The form of a mapping.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Wp\Json;

/**
 * Prints a mapping as rows: destination field, source, transforms with their arguments, what happens without a value.
 * It works by POST alone; the small module adds rows and warns of what is not saved.
 */
final class MappingEditor {

	/**
	 * Empty rows below each object.
	 */
	private const SPARE = 2;

	/**
	 * What the hub tells beside the mapping: destination, fields, destination_fields, transforms, required_missing.
	 *
	 * @var array<mixed>
	 */
	private array $told;

	/**
	 * Fields of this site by the hub's paths.
	 *
	 * @var array<int, array{path: string, type: string, sample: string}>
	 */
	private array $site_fields;

	/**
	 * Notes what it prints from.
	 *
	 * @param array<mixed>                                                  $told        What the hub tells beside the mapping.
	 * @param array<int, array{path: string, type: string, sample: string}> $site_fields Fields of this site.
	 */
	public function __construct( array $told, array $site_fields ) {
		$this->told        = $told;
		$this->site_fields = $site_fields;
	}

	/**
	 * Prints the form.
	 *
	 * @param \stdClass $mapping The mapping.
	 * @param string    $version The version that is edited.
	 * @return void
	 */
	public function show( \stdClass $mapping, string $version ): void {
		$what = Words::kind( (string) ( $mapping->entity ?? '' ) );
		$to   = (string) ( $this->told['destination']['name'] ?? '' );
		/* translators: 1: what is told, such as "Order", 2: the destination's name. */
		echo '<h2>' . esc_html( '' === $to ? $what : sprintf( __( '%1$s to %2$s', 'crossdock' ), $what, $to ) ) . '</h2>';
		$this->missing();
		$this->sources();
		$this->transforms();
		Form::open( 'mapping-edit', array( 'version' => $version, 'given' => Json::encode( $mapping ) ), 'crossdock-mapping' );
		echo '<span hidden id="crossdock-words" data-add="' . esc_attr__( 'Add a rule', 'crossdock' ) . '"></span>';
		// Enter in a field saves; it must not take a button that comes earlier.
		echo '<button class="screen-reader-text" name="do" value="save" tabindex="-1" aria-hidden="true">' . esc_html__( 'Save the mapping', 'crossdock' ) . '</button>';
		foreach ( array_values( (array) ( $mapping->objects ?? array() ) ) as $place => $object ) {
			if ( $object instanceof \stdClass ) {
				$this->object( $place, $object );
			}
		}
		echo '<p class="crossdock-actions"><button class="button button-primary" name="do" value="save">' . esc_html__( 'Save the mapping', 'crossdock' ) . '</button>';
		/* translators: %s: a version. */
		echo '<span>' . esc_html( '0' === $version ? __( 'You edit the default mapping.', 'crossdock' ) : sprintf( __( 'You edit version %s.', 'crossdock' ), $version ) ) . '</span></p>';
		echo '<p class="crossdock-actions"><label for="crossdock-record">' . esc_html__( 'Number of a real record (empty for the newest)', 'crossdock' ) . '</label> <input type="text" id="crossdock-record" name="record" inputmode="numeric" class="small-text"> ';
		echo '<button class="button" name="do" value="preview">' . esc_html__( 'Preview without saving', 'crossdock' ) . '</button></p>';
		echo '<input type="hidden" name="end" value="whole"></form>';
	}

	/**
	 * Prints which required fields no rule fills.
	 *
	 * @return void
	 */
	private function missing(): void {
		$missing = array_filter( (array) ( $this->told['required_missing'] ?? array() ), 'is_array' );
		if ( array() === $missing ) {
			return;
		}
		$names = array();
		foreach ( $missing as $one ) {
			$names[] = (string) ( $one['label'] ?? $one['name'] ?? '' ) . ' (' . (string) ( $one['object'] ?? '' ) . '.' . (string) ( $one['name'] ?? '' ) . ')';
		}
		/* translators: %s: names of fields. */
		Flash::notice( 'warning', sprintf( __( 'The destination requires fields that no rule fills: %s.', 'crossdock' ), implode( ', ', $names ) ) );
	}

	/**
	 * Prints the fields one can choose from.
	 *
	 * @return void
	 */
	private function sources(): void {
		echo '<datalist id="crossdock-sources">';
		$seen = array();
		foreach ( array_merge( array_filter( (array) ( $this->told['fields'] ?? array() ), 'is_array' ), $this->site_fields ) as $field ) {
			$path = (string) ( $field['path'] ?? '' );
			if ( '' === $path || isset( $seen[ $path ] ) ) {
				continue;
			}
			$seen[ $path ] = true;
			$samples       = (array) ( $field['samples'] ?? $field['sample'] ?? array() );
			$sample        = is_scalar( $samples[0] ?? null ) ? (string) $samples[0] : '';
			$words         = array_filter( array( (string) ( $field['label'] ?? '' ), (string) ( $field['type'] ?? '' ), $sample ), 'strlen' );
			echo '<option value="' . esc_attr( $path ) . '">' . esc_html( implode( ' · ', $words ) ) . '</option>';
		}
		echo '</datalist>';
	}

	/**
	 * Prints what the transforms do.
	 *
	 * @return void
	 */
	private function transforms(): void {
		echo '<details class="crossdock-hand"><summary>' . esc_html__( 'What the transforms do', 'crossdock' ) . '</summary><dl class="crossdock-facts">';
		foreach ( array_filter( (array) ( $this->told['transforms'] ?? array() ), 'is_array' ) as $one ) {
			$argument = $one['arguments'] ?? '';
			echo '<dt><code>' . esc_html( (string) ( $one['name'] ?? '' ) ) . '</code></dt><dd>' . esc_html( (string) ( $one['title'] ?? '' ) );
			if ( is_string( $argument ) && '' !== $argument && 'none' !== $argument ) {
				/* translators: %s: what an argument is. */
				echo '<br>' . esc_html( sprintf( __( 'Argument: %s', 'crossdock' ), $argument ) );
			}
			if ( is_array( $one['example'] ?? null ) ) {
				echo '<br><code>' . esc_html( Json::encode( reset( $one['example'] ) ) ) . '</code>';
			}
			echo '</dd>';
		}
		echo '</dl></details>';
	}

	/**
	 * Prints the rows of one object of the destination.
	 *
	 * @param int       $place  Its place in the mapping.
	 * @param \stdClass $object The object.
	 * @return void
	 */
	private function object( int $place, \stdClass $object ): void {
		$name = (string) ( $object->object ?? '' );
		$mark = 'crossdock-object-' . $place;
		echo '<h3 id="' . esc_attr( $mark ) . '">' . esc_html( $name ) . '</h3>';
		if ( isset( $object->each ) && is_string( $object->each ) ) {
			/* translators: %s: name of a list, e.g. "lines". */
			echo '<p>' . esc_html( sprintf( __( 'One for each of “%s”; write $. before a path to read from the whole record.', 'crossdock' ), $object->each ) ) . '</p>';
		}
		echo '<table class="widefat striped crossdock-rules" aria-labelledby="' . esc_attr( $mark ) . '"><thead><tr>';
		foreach ( array( __( 'Destination field', 'crossdock' ), __( 'Source', 'crossdock' ), __( 'Transforms', 'crossdock' ), __( 'Without a value', 'crossdock' ), __( 'Remove', 'crossdock' ) ) as $heading ) {
			echo '<th scope="col">' . esc_html( $heading ) . '</th>';
		}
		echo '</tr></thead><tbody>';
		$row   = new MappingRow( $place, $this->targets( $name ), array_column( array_filter( (array) ( $this->told['transforms'] ?? array() ), 'is_array' ), 'name' ) );
		$rules = array_values( array_filter( (array) ( $object->rules ?? array() ), 'is_object' ) );
		foreach ( $rules as $number => $rule ) {
			$row->show( $number, $rule );
		}
		for ( $spare = 0; $spare < self::SPARE; $spare++ ) {
			$row->show( count( $rules ) + $spare, null );
		}
		echo '</tbody></table>';
	}

	/**
	 * Returns the destination's fields of an object.
	 *
	 * @param string $object The object.
	 * @return array<string, string> Name => words.
	 */
	private function targets( string $object ): array {
		$targets = array();
		foreach ( array_filter( (array) ( $this->told['destination_fields'] ?? array() ), 'is_array' ) as $field ) {
			$name = (string) ( $field['name'] ?? '' );
			if ( '' === $name || ( $field['object'] ?? '' ) !== $object ) {
				continue;
			}
			$label            = (string) ( $field['label'] ?? '' );
			$words            = '' === $label || $label === $name ? $name : $label . ' (' . $name . ')';
			$targets[ $name ] = empty( $field['required'] ) ? $words : $words . ' *';
		}
		return $targets;
	}
}
