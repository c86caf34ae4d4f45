<?php
/**
 * What the list of events is asked for.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Monitor\Queue;
use Crossdock\Wp\Query;

/**
 * Reads the filter and the place of the list of events from the address.
 */
class ActivityFilter {

	/**
	 * The states of deliveries one can look for.
	 */
	private const STATES = array( 'waiting', 'delivered', 'skipped', 'dead' );

	/**
	 * What the address asks for.
	 *
	 * @var Query
	 */
	private Query $query;

	/**
	 * Notes what it needs.
	 *
	 * @param Query $query What the address asks for.
	 */
	public function __construct( Query $query ) {
		$this->query = $query;
	}

	/**
	 * Returns what the address asks for.
	 *
	 * @return array<string, string>
	 */
	public function chosen(): array {
		return array(
			'kind'   => $this->query->word( 'kind', Queue::KINDS ),
			'state'  => $this->query->word( 'state', self::STATES ),
			'entity' => $this->query->text( 'entity' ),
			'q'      => $this->query->text( 'q' ),
		);
	}

	/**
	 * Returns which event alone is looked at.
	 *
	 * @return string Empty for the list.
	 */
	public function event(): string {
		$event = $this->query->text( 'event' );
		return 1 === preg_match( '/^evt_[A-Za-z0-9]{1,40}$/D', $event ) ? $event : '';
	}

	/**
	 * Returns where the page begins.
	 *
	 * @return array<string, string>
	 */
	public function cursor(): array {
		$cursor = $this->query->text( 'cursor' );
		return '' === $cursor ? array() : array( 'cursor' => $cursor );
	}

	/**
	 * Returns the words of the filters.
	 *
	 * @return array<string, array<string, string>>
	 */
	public function choices(): array {
		$kinds  = array( '' => __( 'All kinds', 'crossdock' ) );
		$states = array( '' => __( 'All states', 'crossdock' ) );
		foreach ( Queue::KINDS as $kind ) {
			$kinds[ $kind ] = Words::kind( $kind );
		}
		foreach ( self::STATES as $state ) {
			$states[ $state ] = State::word( $state );
		}
		return array(
			'kind'  => $kinds,
			'state' => $states,
		);
	}

	/**
	 * Returns the labels of the filters.
	 *
	 * @return array<string, string>
	 */
	public function labels(): array {
		return array(
			'kind'  => __( 'Kind', 'crossdock' ),
			'state' => __( 'State', 'crossdock' ),
			'q'     => __( 'Search number or type', 'crossdock' ),
		);
	}
}
