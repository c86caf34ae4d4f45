<?php
/**
 * Which fields this site has.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

use Crossdock\Documents\Documents;
use Crossdock\Documents\Found;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Options;

/**
 * Finds the fields and meta of people, orders and products by reading the newest documents as they would be sent, keeps
 * them for half a day.
 */
class Discovery {

	/**
	 * The option that holds what was found (not autoloaded).
	 */
	public const OPTION = 'crossdock_fields';

	/**
	 * Documents of one kind that are read.
	 */
	private const DOCUMENTS = 25;

	/**
	 * Seconds a discovery may take on a page.
	 */
	private const PATIENCE_S = 4.0;

	/**
	 * Seconds what was found is kept.
	 */
	private const KEPT_S = 43200;

	/**
	 * The newest records.
	 *
	 * @var Newest
	 */
	private Newest $newest;

	/**
	 * Reads documents.
	 *
	 * @var Documents
	 */
	private Documents $documents;

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Newest    $newest    The newest records.
	 * @param Documents $documents Reads documents.
	 * @param Options   $options   WordPress' options.
	 * @param Clock     $clock     The clock.
	 */
	public function __construct( Newest $newest, Documents $documents, Options $options, Clock $clock ) {
		$this->newest    = $newest;
		$this->documents = $documents;
		$this->options   = $options;
		$this->clock     = $clock;
	}

	/**
	 * Returns the fields of a kind.
	 *
	 * @param string $kind  customer, order or product.
	 * @param bool   $fresh Whether what is kept is not good enough.
	 * @return array<int, array{path: string, type: string, sample: string}> Empty when the site has no such kind.
	 */
	public function fields( string $kind, bool $fresh = false ): array {
		if ( ! in_array( $kind, $this->newest->kinds(), true ) ) {
			return array();
		}
		$kept = $this->kept();
		$mine = $kept[ $kind ] ?? array();
		if ( ! $fresh && isset( $mine['fields'], $mine['at'] ) && $this->clock->now() - $mine['at'] < self::KEPT_S ) {
			return $mine['fields'];
		}
		$fields        = $this->discover( $kind );
		$kept[ $kind ] = array(
			'at'     => $this->clock->now(),
			'fields' => $fields,
		);
		$this->options->set( self::OPTION, $kept, false );
		return $fields;
	}

	/**
	 * Returns the document of a record, the newest when none is named.
	 *
	 * @param string $kind customer, order or product.
	 * @param int    $id   The record; 0 for the newest.
	 * @return Found|null Null when the site has none.
	 */
	public function document( string $kind, int $id = 0 ): ?Found {
		$id = $id > 0 ? $id : ( $this->newest->ids( $kind, 1 )[0] ?? 0 );
		return $id > 0 ? $this->documents->read( $kind, $id ) : null;
	}

	/**
	 * Reads the newest documents and collects their fields.
	 *
	 * @param string $kind customer, order or product.
	 * @return array<int, array{path: string, type: string, sample: string}>
	 */
	private function discover( string $kind ): array {
		$fields = new Fields();
		$until  = $this->clock->monotonic() + self::PATIENCE_S;
		foreach ( $this->newest->ids( $kind, self::DOCUMENTS ) as $id ) {
			$found = $this->documents->read( $kind, $id );
			if ( Found::DOCUMENT === $found->what ) {
				$fields->add( $found->data );
			}
			if ( $this->clock->monotonic() > $until ) {
				break;
			}
		}
		/**
		 * Filters the fields that were found: a plugin may leave out or add some of its own.
		 *
		 * @param array  $fields Each path, type, sample (masked).
		 * @param string $kind   customer, order or product.
		 */
		$given = (array) apply_filters( 'crossdock_fields', $fields->all(), $kind );
		return array_slice( array_values( array_filter( $given, array( $this, 'sound' ) ) ), 0, Fields::MOST );
	}

	/**
	 * Says whether a field is one the hub takes.
	 *
	 * @param mixed $field The field.
	 * @return bool
	 */
	private function sound( $field ): bool {
		return is_array( $field ) && isset( $field['path'], $field['type'], $field['sample'] ) && is_string( $field['path'] ) && Paths::valid( $field['path'] );
	}

	/**
	 * Returns what was found before.
	 *
	 * @return array<string, array<string, mixed>>
	 */
	private function kept(): array {
		$kept = $this->options->get( self::OPTION, array() );
		return is_array( $kept ) ? $kept : array();
	}
}
