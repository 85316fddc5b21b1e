namespace EbpfLb.Kubernetes.Api;

/// <summary>How a request failed; decisions are made on this, never on a text.</summary>
public enum ApiFailure : byte
{
    /// <summary>No connection: name, route, port, time-out.</summary>
    Unreachable,

    /// <summary>The server's certificate is not trusted, or the handshake failed.</summary>
    Tls,

    /// <summary>401 also after the credentials were read again.</summary>
    Unauthorized,

    /// <summary>403.</summary>
    Forbidden,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>400: the server does not understand the request, such as a field selector it does not know.</summary>
    BadRequest,

    /// <summary>422: the server knows the request and refuses a value, such as options of a watch that it does not have.</summary>
    Invalid,

    /// <summary>410 as status or as ERROR event: the resource version or continue token is too old. List again.</summary>
    Expired,

    /// <summary>504 of a server that has not come to the resource version yet: it is behind, or has another history. List again.</summary>
    TooNew,

    /// <summary>429: come back later.</summary>
    Busy,

    /// <summary>503: this server does not serve now; another one may.</summary>
    Unavailable,

    /// <summary>Any other answer that is no success.</summary>
    ServerError,

    /// <summary>The connection ended in the middle of an answer.</summary>
    Cut,

    /// <summary>The connection is open but nothing came for longer than it should take.</summary>
    Silent,

    /// <summary>An answer that is not what an API server says.</summary>
    Malformed,

    /// <summary>The credentials themselves could not be had: token file gone, exec plugin failed.</summary>
    Credentials,

    /// <summary>A fault of this program. The inner exception tells where.</summary>
    Internal,
}

/// <summary>A request failed. The message is one line for people that ends with what to do.</summary>
/// <param name="retryAfter">What the server asked for, when it did.</param>
public sealed class ApiException(ApiFailure failure, string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    public ApiFailure Failure { get; } = failure;

    /// <summary>How long the server wants to be left alone; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
