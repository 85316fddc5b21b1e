using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Writes whole answers.</summary>
internal static class FakeAnswers
{
    public static Task WriteAsync(HttpContext context, FakeStatus status)
        => WriteAsync(context, status.Code, "application/json", Encoding.UTF8.GetBytes(status.ToJson().ToJsonString()));

    /// <param name="gzipFrom">Compress from this length on, when the client accepts it.</param>
    public static async Task WriteAsync(HttpContext context, int code, string type, ReadOnlyMemory<byte> body, int gzipFrom = int.MaxValue)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        if (body.Length < gzipFrom || !context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
            return;
        }
        context.Response.Headers.ContentEncoding = "gzip";
        context.Response.Headers.Vary = "Accept-Encoding";
        await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await gzip.WriteAsync(body, context.RequestAborted);
    }
}
