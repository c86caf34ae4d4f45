<?php
class GoodSql {
	private const ROW = ' (%s, %d)';
	public function good( array $ids, string $name, int $most ) {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( "SELECT 1 FROM {$wpdb->prefix}x WHERE a = %s", $name ) );
		$wpdb->get_var( 'SELECT 1' );
		$this->database->run( 'INSERT INTO {outbox} VALUES' . self::ROW, $name, $most );
		$places = implode( ',', array_fill( 0, count( $ids ), '%d' ) );
		$this->database->rows( "SELECT * FROM {outbox} WHERE id IN ($places) LIMIT %d", ...$ids );
		$order = in_array( $name, array( 'a', 'b' ), true ) ? 'a DESC' : 'b';
		$where = 'state = %s';
		$where .= ' AND kind = %s';
		$this->database->rows( 'SELECT * FROM {outbox} WHERE ' . $where . ' ORDER BY ' . $order, $name );
		$this->steps( 'DELETE FROM {log}' );
		$other->run( $name );
	}
	private function steps( string $sql ) {
		$this->database->run( $sql );
	}
}
