"use strict";

const { createServer } = require("node:http");
const { createPool } = require("mysql2/promise");

const pool = createPool({ uri: process.env.MYSQL_URL });

async function answer(request, response) {
	if (request.method === "POST") {
		await pool.query("insert into notes (text) values (?)", [request.headers["x-text"]]);
	}
	const [rows] = await pool.query("select id, text from notes order by id");
	response.setHeader("content-type", "application/json");
	response.end(JSON.stringify(rows));
}

const server = createServer({ keepAlive: true }, answer);
server.listen(Number(process.env.PORT ?? 3000), () => {
	console.log("listening on", server.address().port);
});
