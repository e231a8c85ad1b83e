/// What people are told in Chinese, by the English template; a test finds the sentences that are missing.
enum ChineseMessages {
    static let all: [String: String] = [
        // Catalogue
        "Input and output need a price each; a price of nothing is written \"0\".":
            "输入和输出都必须有价格；免费请写 \"0\"。",
        "Its answer is larger than 4 MiB.": "应答超过 4 MiB。",
        "Its answer is no list of models: base_url is not quite right, or it has none.":
            "应答不是模型列表：base_url 可能有误，或该提供商没有模型列表。",
        "Its name resolves to no address.": "域名无法解析。",
        "It answered with an error.": "提供商返回了错误。",
        "It did not answer within ten seconds.": "十秒内没有应答。",
        "It does not take the key.": "提供商不接受该密钥。",
        "It sends elsewhere, which is not followed: base_url is not quite right.":
            "提供商要求重定向，系统不会跟随：base_url 可能有误。",
        "No connection, or it broke.": "无法连接，或连接中断。",
        "It stands at an address that no provider may have with these settings.": "该地址在当前设置下不允许作为提供商。",
        "Must be a decimal of digits, at most 3 before the point and 4 after it.":
            "应为纯数字小数，小数点前最多 3 位，小数点后最多 4 位。",
        "Must be a decimal of digits, at most 3 before the point and 9 after it.":
            "应为纯数字小数，小数点前最多 3 位，小数点后最多 9 位。",
        "Must be a decimal in a text, such as \"0.0015\".": "应为字符串形式的小数，例如 \"0.0015\"。",
        "Must be a price table of LiteLLM's form.": "应为 LiteLLM 格式的价格表。",
        "Must be an object.": "应为对象。",
        "Must be http or https, host, port and path, such as https://api.openai.com/v1.":
            "应为 http 或 https 地址（主机、端口、路径），例如 https://api.openai.com/v1。",
        "Must be names of models, each with the name of an entry or null.": "应为模型名称，值为条目名称或 null。",
        "Must be visible characters of ASCII without spaces.": "应为不含空格的可见 ASCII 字符。",
        "Must be words of small letters, digits, '_', '.' and '-'.": "应为由小写字母、数字、'_'、'.'、'-' 组成的词。",
        "Must not be in the past; leave it out for now.": "不能早于现在；立即生效请省略。",
        "Must not exceed context_length.": "不能超过 context_length。",
        "Must not exceed max_output_tokens.": "不能超过 max_output_tokens。",
        "More than $1 per 1,000 tokens; if that is meant, send allow_high_price: true.":
            "每 1000 个 token 超过 1 美元；如确有此意，请发送 allow_high_price: true。",
        "The stored API key does not open under this master key; give it anew.":
            "已存储的 API 密钥无法用当前主密钥解开，请重新提供。",
        "This is a private address; set upstream.allow_private if that is meant.":
            "这是内网地址；如确有此意，请设置 upstream.allow_private。",
        "This is an address or port that no provider may have.": "该地址或端口不允许作为提供商。",
        "This price has begun or begins within a minute; calls may have it already.":
            "该价格已经生效或将在一分钟内生效，可能已有调用使用。",
        // Members and parameters
        "A whole number from 1 to {}.": "应为 1 到 {} 的整数。",
        "Another one has this already.": "该值已被占用。",
        "At least {} characters.": "至少 {} 个字符。",
        "At most {} bytes.": "最多 {} 个字节。",
        "At most {} characters.": "最多 {} 个字符。",
        "At most {} elements.": "最多 {} 个元素。",
        "Change your own at /api/auth/me/.": "请在 /api/auth/me/ 修改自己的密码。",
        "Contradicts role.": "与 role 矛盾。",
        "Control characters are not allowed.": "不允许控制字符。",
        "Given twice.": "重复给出。",
        "Invalid page.": "无效页码。",
        "May not be negative.": "不能为负数。",
        "Must be 1.": "必须为 1。",
        "Must be a decimal in a text, such as \"1.50\".": "应为字符串形式的小数，例如 \"1.50\"。",
        "Must be a decimal of digits with at most 12 after the point.": "应为纯数字小数，小数点后最多 12 位。",
        "Must be a list.": "应为列表。",
        "Must be a text.": "应为字符串。",
        "Must be a whole number.": "应为整数。",
        "Must be an id.": "应为 id。",
        "Must be an instant with its time zone, such as 2026-07-24T09:30:00Z.":
            "应为带时区的时间，例如 2026-07-24T09:30:00Z。",
        "Must be from {} to {}.": "应在 {} 到 {} 之间。",
        "Must be true or false.": "应为 true 或 false。",
        "Not an email address.": "不是有效的邮箱地址。",
        "Not the current password.": "当前密码不正确。",
        "One of {}.": "应为下列之一：{}。",
        "One of {}, with '-' before it to descend.": "应为下列之一：{}；前加 '-' 表示降序。",
        "The query is not UTF-8 in percent encoding.": "查询参数不是百分号编码的 UTF-8。",
        "The request's members are not all right.": "请求的字段有误。",
        "There is no such one.": "不存在。",
        "More than is left: what calls were charged cannot be taken.": "超过剩余额度：已扣费用不能收回。",
        "Must be in the future.": "必须是将来的时间。",
        "It would come to more than $9,000,000, the largest amount there is.": "总额将超过上限 $9,000,000。",
        "This field is required when money moves.": "涉及金额变动时必填。",
        "Its periods end when its renewal says.": "其周期由续期设置决定。",
        "The key's user may not use this.": "密钥所属用户无权使用。",
        "It has ended or is inactive, and money put there would be lost.": "配额已结束或未启用，投入的金额会丢失。",
        "Its period has not begun yet.": "周期尚未开始。",
        "More than was charged for the call and not given back yet.": "超过该请求已扣且尚未退还的金额。",
        "A revoked key stays revoked; make a new one.": "已吊销的密钥不能恢复，请新建。",
        "There are too many of them already.": "数量已达上限。",
        "Only beside a renewal.": "只能与 renewal 一起使用。",
        "A renewal needs a time zone.": "续期需要时区。",
        "Must be a range of addresses, such as 10.0.0.0/8.": "应为地址范围，例如 10.0.0.0/8。",
        "Must be an id or a name.": "应为 id 或名称。",
        "Invalid cursor.": "无效游标。",
        "Small letters and underscores.": "只允许小写字母和下划线。",
        "Must be the request_id of a call.": "应为某次请求的 request_id。",
        "This field is not known here.": "未知字段。",
        "This parameter is not known here.": "未知参数。",
        "Must be 1 to {} visible characters of ASCII.": "应为 1 到 {} 个可见的 ASCII 字符。",
        "This key was another request's; a new request needs a new key.": "此幂等键已用于另一个请求；新请求请使用新的键。",
        "This field is read-only.": "该字段只读。",
        "This field is required.": "必填字段。",
        "This field may not be blank.": "不能为空白。",
        "This field may not be null.": "不能为 null。",
        "U+0000 is not allowed.": "不允许 U+0000。",
        // Settings and kept bodies
        "Bodies of that time are not kept any more.": "该时间的请求内容已过保留期。",
        "It is set by {}, which goes before; change it there.": "该项由 {} 设定，优先生效，请在那里修改。",
        "Nothing was kept of this call's bodies.": "没有保留该请求的内容。",
        "This is no value of this setting; its note says what is.": "该设置不接受此值，可用值见其说明。",
        "What is kept does not open: it is damaged, or its key is under another master key.":
            "已保留的内容无法打开：数据已损坏，或其密钥由另一主密钥封存。",
        "What was kept of this call's bodies was erased.": "该请求已保留的内容已被删除。",
        // Bodies
        "The body is larger than {} KiB.": "请求体超过 {} KiB。",
        "The body is not valid JSON: {}.": "请求体不是有效的 JSON：{}。",
        "The body must be a JSON object.": "请求体必须是 JSON 对象。",
        "The body must be application/json, in UTF-8 and not compressed.":
            "请求体必须是未压缩的 UTF-8 application/json。",
        // Who asks
        "Email and password do not match an active user.": "邮箱与密码不匹配，或用户已停用。",
        "Only a super admin makes or changes super admins.": "只有超级管理员可以创建或修改超级管理员。",
        "Passwords are not taken over plain http from beyond this host. Put TLS before it, with a proxy on this host or in trusted_proxies that sends 'X-Forwarded-Proto: https', or set insecure_http.":
            "不接受来自其他主机的明文 http 密码。请在前面配置 TLS（本机或 trusted_proxies 中的代理发送 'X-Forwarded-Proto: https'），或设置 insecure_http。",
        "Sign in first: send 'Authorization: Bearer' with an access token of /api/auth/login/.":
            "请先登录：用 /api/auth/login/ 返回的访问令牌发送 'Authorization: Bearer'。",
        "Signed in by cookie, a change needs this origin's own page and its X-CSRF-Token.":
            "使用 cookie 登录时，修改操作必须来自本站页面并带有 X-CSRF-Token。",
        "The access token is not valid, or its session has ended.": "访问令牌无效，或会话已结束。",
        "The refresh token is not valid any more; sign in again.": "刷新令牌已失效，请重新登录。",
        "Too many attempts failed; try again in {} s.": "失败次数过多，请在 {} 秒后重试。",
        "Too many sign-ins are being checked; try again shortly.": "登录请求过多，请稍后重试。",
        "Your role does not allow this.": "您的角色无权执行此操作。",
        // What is asked for
        "It was changed after you read it; read it again and decide anew.": "读取之后已被修改，请重新读取后再决定。",
        "Not found.": "未找到。",
        "Something went wrong here; the log has it under this request's id.": "服务器内部出错，日志中以本请求的 id 记录。",
        "The Host header is not one.": "Host 头无效。",
        "The database cannot be asked now; try again shortly.": "数据库暂时不可用，请稍后重试。",
        "The last super admin stays one, and active.": "最后一名超级管理员不能被降级或停用。",
        "There is nothing at {}.": "{} 处没有内容。",
        "{} is not allowed at {}; use {}.": "不支持 {}（路径 {}），请使用 {}。",
        // Statistics
        "'{}' is no filter here.": "此处不支持筛选 '{}'。",
        "'{}' must be a time in seconds since 1970.": "'{}' 应为自 1970 年起的秒数。",
        "'bucket_width' must be one of {} here.": "此处 'bucket_width' 应为下列之一：{}。",
        "'end_time' must come after 'start_time'.": "'end_time' 必须晚于 'start_time'。",
        "'group_by' must be one of {} here.": "此处 'group_by' 应为下列之一：{}。",
        "'limit' must be from 1 to {}.": "'limit' 应在 1 到 {} 之间。",
        "'page' must be the next_page of an answer.": "'page' 应为某次应答中的 next_page。",
        "'start_time' is required.": "必须给出 'start_time'。",
        "Before {} there are days of {} only.": "{} 之前仅保留 {} 的按日统计。",
        "Before {} there are only whole days; begin and end with one, in steps of days.":
            "{} 之前仅保留整日统计；请以整日起止，并按日或更长的步长查询。",
        "More than {} pieces; take a longer step.": "分段超过 {} 个，请使用更长的步长。",
        "Must be a date, or an instant with its time zone.": "应为日期，或带时区的时间。",
        "Must come after from.": "必须晚于 from。",
        "No time zone of this name is known here.": "未知的时区名称。",
        "Sums are kept of one of user, key and model at a time.": "统计每次只能按用户、密钥或模型之一进行。",
        "Sums are kept of one of user, key, model, provider and group at a time.":
            "统计每次只能按用户、密钥、模型、供应商或模型组之一进行。",
        "The years are 2000 to 2099.": "年份应在 2000 到 2099 之间。",
        "There is no such page.": "没有这一页。",
        "Too much would have to be read; take a shorter range, a longer step, or a time zone of statistics.time_zones.":
            "需读取的数据过多；请缩短时间范围、加大步长，或使用 statistics.time_zones 中的时区。",
        // Keys and models
        "No API key was given. Send it as 'Authorization: Bearer sk-audit-…', 'x-api-key' or 'api-key'.":
            "未提供 API 密钥。请以 'Authorization: Bearer sk-audit-…'、'x-api-key' 或 'api-key' 发送。",
        "The API key is unknown, revoked or expired.": "API 密钥未知、已吊销或已过期。",
        "This API key may not be used from your address.": "此 API 密钥不允许从您的地址使用。",
        "The model '{}' does not exist or your key has no access to it.": "模型 '{}' 不存在，或您的密钥无权使用。",
    ]
}
