<?php
/**
 * What the hub answered.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;
use Crossdock\Wp\Reply;

/**
 * An answer of the hub, or the reason why there is none. Never an exception.
 */
final class Answer {

	/**
	 * HTTP status; 0 when no answer came.
	 *
	 * @var int
	 */
	public int $status;

	/**
	 * The answer's `data`; empty when it failed.
	 *
	 * @var array<mixed>
	 */
	public array $data = array();

	/**
	 * The whole document (`data`, `meta`), or the problem as it came.
	 *
	 * @var array<mixed>
	 */
	public array $document = array();

	/**
	 * What went wrong: code, detail, remedy, problems (field, rule, remedy). Null when nothing did.
	 *
	 * @var array{code: string, detail: string, remedy: string, problems: array<int, array<string, string>>}|null
	 */
	public ?array $problem = null;

	/**
	 * Seconds after which the hub wants to be asked again (`Retry-After`); null when it did not say.
	 *
	 * @var float|null
	 */
	public ?float $retry_after = null;

	/**
	 * `RateLimit-Limit`, `-Remaining`, `-Reset` (seconds) as limit, remaining, reset; empty when not told.
	 *
	 * @var array<string, int>
	 */
	public array $limits = array();

	/**
	 * Seconds that the request took.
	 *
	 * @var float
	 */
	public float $took = 0.0;

	/**
	 * What came back.
	 *
	 * @var Reply
	 */
	public Reply $reply;

	/**
	 * Reads what came back.
	 *
	 * @param Reply $reply What came back.
	 * @param float $now   Seconds since 1970, for a `Retry-After` that is a date.
	 */
	public function __construct( Reply $reply, float $now ) {
		$this->reply       = $reply;
		$this->status      = $reply->status;
		$this->retry_after = $this->patience( $reply->headers['retry-after'] ?? '', $now );
		foreach ( array( 'limit', 'remaining', 'reset' ) as $name ) {
			$value = $reply->headers[ 'ratelimit-' . $name ] ?? '';
			if ( preg_match( '/^\d{1,9}/', $value, $found ) ) {
				$this->limits[ $name ] = (int) $found[0];
			}
		}
		$document       = Json::decode( $reply->body );
		$this->document = $document ?? array();
		if ( $reply->status >= 200 && $reply->status < 300 && isset( $document['data'] ) && is_array( $document['data'] ) ) {
			$this->data = $document['data'];
		} else {
			$this->problem = $this->trouble( $document );
		}
	}

	/**
	 * Returns an answer that was never asked for: the request could not be made.
	 *
	 * @param string $code   Why, as a code.
	 * @param string $detail Why, in plain words.
	 * @return self
	 */
	public static function unasked( string $code, string $detail ): self {
		$answer          = new self( new Reply( 0 ), 0.0 );
		$answer->problem = array( 'code' => $code, 'detail' => $detail, 'remedy' => '', 'problems' => array() );
		return $answer;
	}

	/**
	 * Tells whether the hub did what it was asked.
	 */
	public function ok(): bool {
		return null === $this->problem;
	}

	/**
	 * Returns the problem's code; empty when there is none. Besides the hub's: `unreachable`, `not-the-hub` (an answer that is no
	 * JSON of the hub), `unpaired`, `salts-changed`, `damaged`, `http-<status>`.
	 *
	 * @return string
	 */
	public function code(): string {
		return null === $this->problem ? '' : $this->problem['code'];
	}

	/**
	 * Returns the problem in plain words; empty when there is none.
	 */
	public function detail(): string {
		return null === $this->problem ? '' : $this->problem['detail'];
	}

	/**
	 * Tells whether the same request may succeed later without anybody's doing.
	 */
	public function passing(): bool {
		return 'unreachable' === $this->code() || 'not-the-hub' === $this->code() || in_array( $this->status, array( 408, 425, 429 ), true ) || $this->status >= 500;
	}

	/**
	 * Reads a problem.
	 *
	 * @param array<mixed>|null $document What came, null when it was no JSON.
	 * @return array{code: string, detail: string, remedy: string, problems: array<int, array<string, string>>}
	 */
	private function trouble( ?array $document ): array {
		$problem = array( 'code' => '', 'detail' => '', 'remedy' => '', 'problems' => array() );
		if ( 0 === $this->status ) {
			return array( 'code' => 'unreachable', 'detail' => $this->reply->failure ) + $problem;
		}
		if ( null === $document || ! isset( $document['code'] ) || ! is_string( $document['code'] ) ) {
			$known = null !== $document && $this->status >= 400;
			return array( 'code' => $known ? 'http-' . $this->status : 'not-the-hub', 'detail' => 'HTTP ' . $this->status ) + $problem;
		}
		$told = array( 'code' => $document['code'] );
		foreach ( array( 'detail', 'remedy' ) as $name ) {
			$told[ $name ] = isset( $document[ $name ] ) && is_string( $document[ $name ] ) ? $document[ $name ] : '';
		}
		$several          = isset( $document['problems'] ) && is_array( $document['problems'] ) ? $document['problems'] : array();
		$told['problems'] = array_values( array_filter( $several, 'is_array' ) );
		$told['detail']   = '' === $told['detail'] && isset( $document['title'] ) ? (string) $document['title'] : $told['detail'];
		return $told + $problem;
	}

	/**
	 * Returns the hub's own time as the answer tells it (`server_time`, `meta.time`, the header `Date`).
	 *
	 * @return float|null Seconds since 1970; null when it was not told.
	 */
	public function time(): ?float {
		$told = $this->document['server_time'] ?? ( $this->document['meta']['time'] ?? null );
		if ( is_numeric( $told ) ) {
			return (float) $told;
		}
		$at = is_string( $told ) ? Moment::read( $told ) : 0.0;
		$at = $at > 0 ? $at : (float) strtotime( $this->reply->headers['date'] ?? '' );
		return $at > 0 ? $at : null;
	}

	/**
	 * Reads `Retry-After`: seconds or a date.
	 *
	 * @param string $told The header's value.
	 * @param float  $now  Seconds since 1970.
	 * @return float|null
	 */
	private function patience( string $told, float $now ): ?float {
		if ( preg_match( '/^\d{1,7}$/D', $told ) ) {
			return (float) $told;
		}
		$at = '' === $told ? false : strtotime( $told );
		return false === $at ? null : max( 0.0, $at - $now );
	}
}
