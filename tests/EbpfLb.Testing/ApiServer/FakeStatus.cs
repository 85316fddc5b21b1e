using System.Text.Json.Nodes;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Status objects with the words of a real server (1.21, as recorded).</summary>
/// <param name="Details">null when the Status has none.</param>
/// <param name="Continue">metadata.continue of an expired list.</param>
internal sealed record FakeStatus(int Code, string Reason, string Message, JsonObject? Details = null, string? Continue = null)
{
    public static FakeStatus Unauthorized { get; } = new(401, "Unauthorized", "Unauthorized");

    public static FakeStatus NoSuchPath => new(404, "NotFound", "the server could not find the requested resource", []);

    public static FakeStatus Forbidden(FakeResource resource, string verb, string user) => new(
        403,
        "Forbidden",
        $"{Qualified(resource)} is forbidden: User \"{user}\" cannot {verb} resource \"{resource.Plural}\" in API group "
            + $"\"{resource.Group}\" at the cluster scope",
        resource.Group.Length == 0
            ? new JsonObject { ["kind"] = resource.Plural }
            : new JsonObject { ["group"] = resource.Group, ["kind"] = resource.Plural });

    public static FakeStatus NotFound(FakeResource resource, string name) => new(
        404, "NotFound", $"{Qualified(resource)} \"{name}\" not found", new JsonObject { ["name"] = name, ["kind"] = resource.Plural });

    public static FakeStatus NoStreamingLists { get; } = new(
        422,
        "Invalid",
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch",
        new JsonObject
        {
            ["group"] = "meta.k8s.io",
            ["kind"] = "ListOptions",
            ["causes"] = new JsonArray(new JsonObject
            {
                ["reason"] = "FieldValueForbidden",
                ["message"] = "Forbidden: resourceVersionMatch is forbidden for watch",
                ["field"] = "resourceVersionMatch",
            }),
        });

    public static FakeStatus BadContinue { get; } = new(400, "BadRequest", "invalid continue token: continue key is not valid: "
        + "unexpected end of JSON input");

    public static FakeStatus UnknownField(FakeResource resource, string labels, string fields, string field) => new(
        400,
        "BadRequest",
        $"Unable to find \"{resource.ApiVersion}, Resource={resource.Plural}\" that match label selector \"{labels}\", field "
            + $"selector \"{fields}\": "
            + $"field label not supported: {field}");

    public static FakeStatus ContinueExpired(string token) => new(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
            + "continue parameter, "
            + "or use the continue token in this response to retrieve the remainder of the results.",
        Continue: token);

    public static FakeStatus InvalidEvent(string why) => new(422, "Invalid", $"Event.events.k8s.io is invalid: {why}");

    public static FakeStatus TooOld(ulong asked, ulong oldest) => new(410, "Expired", $"too old resource version: {asked} ({oldest})");

    /// <summary>apiserver storage.NewTooLargeResourceVersionError (by its source, since 1.18.6).</summary>
    public static FakeStatus TooLarge(string asked) => new(
        504,
        "Timeout",
        $"Timeout: Too large resource version: {asked}, current: 1",
        new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject
            {
                ["reason"] = "ResourceVersionTooLarge",
                ["message"] = "Too large resource version",
            }),
            ["retryAfterSeconds"] = 1,
        });

    public static FakeStatus TooManyRequests(int? retryAfterSeconds) => new(
        429,
        "TooManyRequests",
        "Too many requests, please try again later.",
        retryAfterSeconds is { } seconds ? new JsonObject { ["retryAfterSeconds"] = seconds } : null);

    /// <summary>Any other code on demand.</summary>
    public static FakeStatus Of(int code) => new(code, code == 503 ? "ServiceUnavailable" : "InternalError", $"answered with "
        + $"{code} on demand");

    public JsonObject ToJson()
    {
        var metadata = new JsonObject();
        if (Continue is not null) metadata["continue"] = Continue;
        var json = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
        };
        if (Details is not null) json["details"] = Details.DeepClone();
        json["code"] = Code;
        return json;
    }

    private static string Qualified(FakeResource resource)
        => resource.Group.Length == 0 ? resource.Plural : $"{resource.Plural}.{resource.Group}";
}
