<?php
class BadSql {
	public function bad( string $name, array $filter ) {
		global $wpdb;
		$wpdb->query( "DELETE FROM x WHERE a = '$name'" ); // told: PreparedSql.NotConstant
		$wpdb->get_results( $name ); // told: PreparedSql.NotConstant
		$wpdb->query( $wpdb->prepare( "SELECT 1 FROM $name WHERE a = %s", 'x' ) ); // told: PreparedSql.NotConstant
		$this->database->run( 'DELETE FROM {outbox} WHERE a = ' . $name ); // told: PreparedSql.NotConstant
		$this->database->rows( 'SELECT * FROM {outbox} ORDER BY ' . esc_sql( $filter['order'] ) ); // told: PreparedSql.NotConstant
		$where = 'a = ' . $filter['a']; // told: PreparedSql.NotConstant
		$this->database->rows( 'SELECT * FROM {outbox} WHERE ' . $where );
		$order = get_option( 'order' ); // told: PreparedSql.NotConstant
		$this->database->value( "SELECT 1 FROM {outbox} ORDER BY $order" );
		$this->database->value( "SELECT 1 FROM {$this->name}" ); // told: PreparedSql.NotConstant
		$this->steps( 'DELETE FROM ' . $name ); // told: PreparedSql.NotConstant
	}
	private function steps( string $sql ) {
		$this->database->run( $sql );
	}
}
