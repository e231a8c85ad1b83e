/** What is told to other programs: where this gateway is, the key, and a model. */
export interface Place {
    baseURL: string;
    key: string;
    model: string;
}

const json = (value: string) => JSON.stringify(value);
/** For a POSIX shell, inside single quotes. */
const shell = (text: string) => text.replace(/'/g, `'\\''`);

export const curl = ({ baseURL, key, model }: Place) => `curl ${baseURL}/chat/completions \\
  -H 'Authorization: Bearer ${shell(key)}' \\
  -H 'Content-Type: application/json' \\
  -d '${shell(`{"model": ${json(model)}, "messages": [{"role": "user", "content": "Hello!"}]}`)}'`;

export const python = ({ baseURL, key, model }: Place) => `# pip install openai
from openai import OpenAI

client = OpenAI(
    base_url=${json(baseURL)},
    api_key=${json(key)},
)

answer = client.chat.completions.create(
    model=${json(model)},
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`;

export const javascript = ({ baseURL, key, model }: Place) => `// npm install openai
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: ${json(baseURL)},
  apiKey: ${json(key)},
});

const answer = await client.chat.completions.create({
  model: ${json(model)},
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);`;

export const swift = ({ baseURL, key, model }: Place) => `import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct Answer: Decodable {
    struct Choice: Decodable { let message: Message }
    struct Message: Decodable { let content: String? }
    let choices: [Choice]
}

var request = URLRequest(url: URL(string: ${json(`${baseURL}/chat/completions`)})!)
request.httpMethod = "POST"
request.setValue("Bearer ${key}", forHTTPHeaderField: "Authorization")
request.setValue("application/json", forHTTPHeaderField: "Content-Type")
request.httpBody = try JSONSerialization.data(withJSONObject: [
    "model": ${json(model)},
    "messages": [["role": "user", "content": "Hello!"]],
])
let (data, _) = try await URLSession.shared.data(for: request)
let answer = try JSONDecoder().decode(Answer.self, from: data)
print(answer.choices[0].message.content ?? "")`;

export const langchain = ({ baseURL, key, model }: Place) => `# pip install langchain-openai
from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url=${json(baseURL)},
    api_key=${json(key)},
    model=${json(model)},
)
print(model.invoke("Hello!").content)`;

export const environment = ({ baseURL, key, model }: Place) => `export OPENAI_BASE_URL='${shell(baseURL)}'
export OPENAI_API_KEY='${shell(key)}'
export OPENAI_MODEL='${shell(model)}'`;
