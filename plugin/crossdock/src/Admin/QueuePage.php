<?php
/**
 * The screen of the queue.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Monitor\Queue;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Query;

/**
 * Shows what waits on the site and lets people act on it: some rows, or all of a filter.
 */
final class QueuePage implements Page {

	/**
	 * The slug.
	 */
	public const SLUG = 'crossdock-queue';

	/**
	 * Where people set how many rows a page shows.
	 */
	private const ROWS = 'crossdock_queue_rows';

	/**
	 * What lies in the outbox.
	 *
	 * @var Queue
	 */
	private Queue $queue;

	/**
	 * The summary above the list.
	 *
	 * @var QueueSummary
	 */
	private QueueSummary $summary;

	/**
	 * Carries out the forms.
	 *
	 * @var QueueForms
	 */
	private QueueForms $forms;

	/**
	 * The export of what was there before.
	 *
	 * @var ExportBox
	 */
	private ExportBox $export;

	/**
	 * What the address asks for.
	 *
	 * @var Query
	 */
	private Query $query;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Queue        $queue   What lies in the outbox.
	 * @param QueueSummary $summary The summary above the list.
	 * @param QueueForms   $forms   Carries out the forms.
	 * @param ExportBox    $export  The export of what was there before.
	 * @param Query        $query   What the address asks for.
	 * @param Clock        $clock   The clock.
	 */
	public function __construct( Queue $queue, QueueSummary $summary, QueueForms $forms, ExportBox $export, Query $query, Clock $clock ) {
		$this->queue   = $queue;
		$this->summary = $summary;
		$this->forms   = $forms;
		$this->export  = $export;
		$this->query   = $query;
		$this->clock   = $clock;
	}

	/**
	 * Returns the name of the screen.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Queue', 'crossdock' );
	}

	/**
	 * Carries out what a form sent.
	 *
	 * @return void
	 */
	public function load(): void {
		$this->forms->carry_out( Menu::url( self::SLUG, array_filter( $this->filter(), 'strlen' ) ), $this->filter() );
		$this->export->load( Menu::url( self::SLUG ) . '#crossdock-export' );
		add_screen_option(
			'per_page',
			array(
				'label'   => __( 'Rows of a page', 'crossdock' ),
				'default' => 20,
				'option'  => self::ROWS,
			)
		);
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		$this->summary->show();
		$filter = $this->filter();
		$rows   = max( 1, min( 200, (int) ( get_user_option( self::ROWS ) ? get_user_option( self::ROWS ) : 20 ) ) );
		$total  = $this->queue->count( $filter );
		$page   = max( 1, min( $this->query->number( 'paged', 1 ), (int) ceil( $total / $rows ) ) );
		echo '<h2>' . esc_html__( 'What lies in the queue', 'crossdock' ) . '</h2>';
		Filters::show(
			self::SLUG,
			$this->choices(),
			array(
				'state' => __( 'State', 'crossdock' ),
				'kind'  => __( 'Kind', 'crossdock' ),
				'q'     => __( 'Search type, number or trouble', 'crossdock' ),
			),
			$filter
		);
		Form::open( 'queue-rows' );
		$this->bulk( $total );
		$list = new QueueList( $this->clock->now() );
		$list->show( $this->queue->find( $filter, $rows, ( $page - 1 ) * $rows ) );
		echo '</form>';
		Filters::pages( self::SLUG, $filter, $page, $total, $rows );
		$this->export->show();
	}

	/**
	 * Prints what can be done with the chosen rows.
	 *
	 * @param int $total Rows of the filter.
	 * @return void
	 */
	private function bulk( int $total ): void {
		echo '<div class="crossdock-bulk"><label for="crossdock-do">' . esc_html__( 'With the chosen rows', 'crossdock' ) . '</label> <select id="crossdock-do" name="do">';
		foreach ( QueueForms::words() as $value => $word ) {
			echo '<option value="' . esc_attr( $value ) . '">' . esc_html( $word ) . '</option>';
		}
		echo '</select> <label for="crossdock-reason">' . esc_html__( 'Reason (needed to discard)', 'crossdock' ) . '</label> <input type="text" id="crossdock-reason" name="reason" maxlength="200"> ';
		/* translators: %s: number of rows. */
		$all = sprintf( _n( 'all %s row of this filter', 'all %s rows of this filter', $total, 'crossdock' ), number_format_i18n( $total ) );
		echo '<label><input type="checkbox" name="all" value="1"> ' . esc_html( $all ) . '</label> <button class="button action">' . esc_html__( 'Apply', 'crossdock' ) . '</button></div>';
	}

	/**
	 * Returns what the address asks for.
	 *
	 * @return array<string, string>
	 */
	private function filter(): array {
		return array(
			'state' => $this->query->word( 'state', Queue::STATES ),
			'kind'  => $this->query->word( 'kind', Queue::KINDS ),
			'q'     => $this->query->text( 'q' ),
		);
	}

	/**
	 * Returns the words of the filters.
	 *
	 * @return array<string, array<string, string>>
	 */
	private function choices(): array {
		$states = array( '' => __( 'All states', 'crossdock' ) );
		foreach ( Queue::STATES as $state ) {
			$states[ $state ] = State::word( $state );
		}
		$kinds = array( '' => __( 'All kinds', 'crossdock' ) );
		foreach ( Queue::KINDS as $kind ) {
			$kinds[ $kind ] = Words::kind( $kind );
		}
		return array(
			'state' => $states,
			'kind'  => $kinds,
		);
	}
}
