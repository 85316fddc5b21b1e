using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Server;

/// <summary>Writes answers: small ones whole, with their length.</summary>
public static class Respond
{
    public static Task JsonAsync<T>(HttpContext context, int status, T body, JsonTypeInfo<T> type)
        => BytesAsync(context, status, PlainJson.Bytes(body, type), "application/json");

    /// <summary>Status 200 and a body of any size, written while it is made: it is never in memory as a whole.</summary>
    public static Task StreamJsonAsync<T>(HttpContext context, T body, JsonTypeInfo<T> type)
    {
        var response = context.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
            : JsonSerializer.SerializeAsync(response.Body, body, type, context.RequestAborted);
    }

    public static Task TextAsync(
        HttpContext context, string body, string contentType = "text/plain; charset=utf-8", int status = StatusCodes.Status200OK)
        => BytesAsync(context, status, Encoding.UTF8.GetBytes(body), contentType);

    /// <summary>404 that names the paths which exist.</summary>
    public static Task NotFoundAsync(HttpContext context, params string[] paths)
        => TextAsync(context, $"not found; there are {string.Join(", ", paths)}\n", status: StatusCodes.Status404NotFound);

    /// <summary>405 that names the methods which are answered.</summary>
    public static Task NotAllowedAsync(HttpContext context, string methods)
    {
        context.Response.Headers.Allow = methods;
        return TextAsync(context,
            $"only {methods.Replace(", ", " and ", StringComparison.Ordinal)} "
                + $"{(methods.Contains(',') ? "are" : "is")} answered here\n",
            status: StatusCodes.Status405MethodNotAllowed);
    }

    public static async Task BytesAsync(HttpContext context, int status, ReadOnlyMemory<byte> body, string contentType)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
