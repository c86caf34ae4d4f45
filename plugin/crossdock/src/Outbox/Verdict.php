<?php
/**
 * What the hub's results mean for the rows.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Hub\Answer;

/**
 * Settles each row by its own result.
 */
class Verdict {

	/**
	 * Results after which the hub has what it was told.
	 */
	private const TAKEN = array( 'recorded', 'unchanged', 'stale', 'duplicate' );

	/**
	 * What becomes of rows.
	 *
	 * @var Settlement
	 */
	private Settlement $settlement;

	/**
	 * Takes what settles rows.
	 *
	 * @param Settlement $settlement What becomes of rows.
	 */
	public function __construct( Settlement $settlement ) {
		$this->settlement = $settlement;
	}

	/**
	 * Settles the rows of a batch that the hub answered item by item.
	 *
	 * @param Taken  $taken  The rows.
	 * @param Batch  $batch  What was told.
	 * @param Answer $answer What the hub answered.
	 * @return array{sent: int, refused: int, failed: int}
	 */
	public function settle( Taken $taken, Batch $batch, Answer $answer ): array {
		$results = array();
		foreach ( (array) ( $answer->data['results'] ?? array() ) as $result ) {
			if ( is_array( $result ) && isset( $result['id'] ) && is_string( $result['id'] ) ) {
				$results[ $result['id'] ] = $result;
			}
		}
		$told   = array();
		$counts = array( 'sent' => 0, 'refused' => 0, 'failed' => 0 );
		foreach ( $batch->ids as $row => $id ) {
			$result = $results[ $id ] ?? array();
			$status = (string) ( $result['status'] ?? '' );
			if ( in_array( $status, self::TAKEN, true ) ) {
				$told[ $row ] = (string) ( $result['event'] ?? '' );
				++$counts['sent'];
				continue;
			}
			$problem = is_array( $result['problem'] ?? null ) ? $result['problem'] : array();
			$code    = (string) ( $problem['code'] ?? ( '' === $status ? 'no-result' : 'refused' ) );
			$again   = 'refused' !== $status || true === ( $problem['retry'] ?? false );
			++$counts[ $again ? 'failed' : 'refused' ];
			if ( $again ) {
				$this->settlement->failed( $taken, $taken->rows[ $row ], $code, self::words( $problem ) );
			} else {
				$this->settlement->dead( $taken, $row, $code, self::words( $problem ) );
			}
		}
		$this->settlement->sent( $taken, $told );
		return $counts;
	}

	/**
	 * Says in plain words what a problem is: its detail, and for each field the rule and the remedy.
	 *
	 * @param array<mixed> $problem As the hub tells it.
	 * @return string
	 */
	public static function words( array $problem ): string {
		$words = array( (string) ( $problem['detail'] ?? __( 'The hub gave no reason.', 'crossdock' ) ) );
		foreach ( array_slice( (array) ( $problem['problems'] ?? array() ), 0, 10 ) as $one ) {
			if ( is_array( $one ) ) {
				$words[] = trim( ( $one['field'] ?? '' ) . ': ' . ( $one['rule'] ?? '' ) . ( empty( $one['remedy'] ) ? '' : ' (' . $one['remedy'] . ')' ), ': ' );
			}
		}
		if ( ! empty( $problem['remedy'] ) ) {
			$words[] = (string) $problem['remedy'];
		}
		return implode( ' · ', array_filter( $words ) );
	}
}
