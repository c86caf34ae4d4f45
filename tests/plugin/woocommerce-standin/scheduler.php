<?php
/** Action Scheduler: what is pending, kept in an option; run by whoever runs the queue. */
class ActionScheduler {
	public static function is_initialized( $for = null ) {
		return did_action( 'action_scheduler_init' ) > 0;
	}
	public static function store() {
		return new ActionScheduler_Store();
	}
	public static function all() {
		wp_cache_delete( 'standin_actions', 'options' );
		wp_cache_delete( 'alloptions', 'options' );
		return (array) get_option( 'standin_actions', array() );
	}
	public static function keep( array $all ) {
		update_option( 'standin_actions', $all, false );
	}
}
class ActionScheduler_Versions {
	public static function instance() { return new self(); }
	public function latest_version() { return '4.0.0'; }
}
class ActionScheduler_Store {
	const STATUS_PENDING  = 'pending';
	const STATUS_COMPLETE = 'complete';
	public function query_actions( $query = array(), $type = 'select' ) {
		return array();
	}
	public function delete_action( $id ) {}
}
class Crossdock_Standin_Schedule {
	private $every;
	private $at;
	public function __construct( $at, $every ) { $this->at = $at; $this->every = $every; }
	public function get_recurrence() { return $this->every; }
	public function get_date() { return new DateTime( '@' . $this->at ); }
}
class Crossdock_Standin_Action {
	private $row;
	public function __construct( $row ) { $this->row = $row; }
	public function get_schedule() { return new Crossdock_Standin_Schedule( $this->row['at'], $this->row['every'] ); }
	public function get_hook() { return $this->row['hook']; }
}
class ActionScheduler_QueueRunner {
	public static function instance() { return new self(); }
	public function run( $context = '' ) {
		$done = 0;
		foreach ( ActionScheduler::all() as $id => $row ) {
			if ( $row['at'] > time() ) {
				continue;
			}
			$all = ActionScheduler::all();
			if ( $row['every'] ) {
				$all[ $id ]['at'] = time() + $row['every'];
			} else {
				unset( $all[ $id ] );
			}
			ActionScheduler::keep( $all );
			do_action_ref_array( $row['hook'], $row['args'] );
			++$done;
		}
		return $done;
	}
}
add_action( 'init', static function () { do_action( 'action_scheduler_init' ); }, 1 );

function crossdock_standin_add( $at, $every, $hook, $args, $group, $unique = false ) {
	if ( $unique && as_has_scheduled_action( $hook, null, $group ) ) {
		return 0;
	}
	$all        = ActionScheduler::all();
	$id         = 1 + ( $all ? max( array_keys( $all ) ) : 0 );
	$all[ $id ] = compact( 'at', 'every', 'hook', 'args', 'group' );
	ActionScheduler::keep( $all );
	return $id;
}
function crossdock_standin_find( $hook, $args, $group ) {
	return array_filter(
		ActionScheduler::all(),
		static function ( $row ) use ( $hook, $args, $group ) {
			return ( '' === (string) $hook || $row['hook'] === $hook ) && ( null === $args || array() === $args || $row['args'] === $args ) && ( '' === (string) $group || $row['group'] === $group );
		}
	);
}
function as_enqueue_async_action( $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	return crossdock_standin_add( time(), 0, $hook, $args, $group, $unique );
}
function as_schedule_single_action( $at, $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	return crossdock_standin_add( $at, 0, $hook, $args, $group, $unique );
}
function as_schedule_recurring_action( $at, $every, $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	return crossdock_standin_add( $at, $every, $hook, $args, $group, $unique );
}
function as_has_scheduled_action( $hook, $args = null, $group = '' ) {
	return array() !== crossdock_standin_find( $hook, $args, $group );
}
function as_next_scheduled_action( $hook, $args = null, $group = '' ) {
	$found = crossdock_standin_find( $hook, $args, $group );
	return $found ? min( array_column( $found, 'at' ) ) : false;
}
function as_get_scheduled_actions( $query = array(), $format = OBJECT ) {
	$found = crossdock_standin_find( $query['hook'] ?? '', null, $query['group'] ?? '' );
	return 'ids' === $format ? array_keys( $found ) : array_map( static function ( $row ) { return new Crossdock_Standin_Action( $row ); }, $found );
}
function as_unschedule_all_actions( $hook, $args = array(), $group = '' ) {
	ActionScheduler::keep( array_diff_key( ActionScheduler::all(), crossdock_standin_find( $hook, $args, $group ) ) );
}
function as_unschedule_action( $hook, $args = array(), $group = '' ) {
	as_unschedule_all_actions( $hook, $args, $group );
}
function as_get_datetime_object( $text = null, $zone = 'UTC' ) {
	return new DateTime( is_numeric( $text ) ? "@$text" : (string) $text, new DateTimeZone( $zone ) );
}
