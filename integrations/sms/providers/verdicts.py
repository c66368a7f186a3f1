"""What the providers' error codes mean for a message. docs/sms.md has the same table.

A code that is not here is `ACCOUNT`: another provider may carry the message, an operator looks, and nothing is repeated.
"""

from integrations.sms.providers.interface import Verdict

ALIBABA: dict[str, Verdict] = {
    "isp.SYSTEM_ERROR": Verdict.LATER,
    "isp.UNKNOWN_ERR_CODE": Verdict.LATER,
    "ServiceUnavailable": Verdict.LATER,
    "InternalError": Verdict.LATER,
    "isv.MOBILE_NUMBER_ILLEGAL": Verdict.MESSAGE,
    "isv.MOBILE_COUNT_OVER_LIMIT": Verdict.MESSAGE,
    "isv.BUSINESS_LIMIT_CONTROL": Verdict.MESSAGE,
    "isv.BLACK_KEY_CONTROL_LIMIT": Verdict.MESSAGE,
    "isv.PARAM_LENGTH_LIMIT": Verdict.MESSAGE,
    "isv.PARAM_NOT_SUPPORT_URL": Verdict.MESSAGE,
    "isv.TEMPLATE_PARAMS_ILLEGAL": Verdict.MESSAGE,
    "isv.SMS_CONTENT_ILLEGAL": Verdict.MESSAGE,
    "isv.DENY_IP_RANGE": Verdict.ACCOUNT,
    "isv.AMOUNT_NOT_ENOUGH": Verdict.ACCOUNT,
    "isv.OUT_OF_SERVICE": Verdict.ACCOUNT,
    "isv.DAY_LIMIT_CONTROL": Verdict.ACCOUNT,
    "isv.MONTH_LIMIT_CONTROL": Verdict.ACCOUNT,
    "isv.PRODUCT_UN_SUBSCRIPT": Verdict.ACCOUNT,
    "isv.ACCOUNT_NOT_EXISTS": Verdict.ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": Verdict.ACCOUNT,
    "isv.SMS_SIGNATURE_ILLEGAL": Verdict.ACCOUNT,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": Verdict.ACCOUNT,
    "isv.SMS_TEMPLATE_ILLEGAL": Verdict.ACCOUNT,
    "isv.TEMPLATE_MISSING_PARAMETERS": Verdict.ACCOUNT,
    "isv.INVALID_PARAMETERS": Verdict.ACCOUNT,
    "isp.RAM_PERMISSION_DENY": Verdict.ACCOUNT,
    "InvalidAccessKeyId.NotFound": Verdict.ACCOUNT,
    "SignatureDoesNotMatch": Verdict.ACCOUNT,
    "InvalidTimeStamp.Expired": Verdict.ACCOUNT,
}
TENCENT: dict[str, Verdict] = {
    "InternalError": Verdict.LATER,
    "InternalError.Timeout": Verdict.LATER,
    "InternalError.SendAndRecvFail": Verdict.LATER,
    "InternalError.OtherError": Verdict.LATER,
    "InternalError.UnknownError": Verdict.LATER,
    "RequestLimitExceeded": Verdict.LATER,
    "LimitExceeded.DeliveryFrequencyLimit": Verdict.LATER,
    "LimitExceeded.GlobalSmsSendingRateLimit": Verdict.LATER,
    "FailedOperation.PhoneNumberInBlacklist": Verdict.MESSAGE,
    "FailedOperation.PhoneNumberParseFail": Verdict.MESSAGE,
    "FailedOperation.ContainSensitiveWord": Verdict.MESSAGE,
    "InvalidParameterValue.IncorrectPhoneNumber": Verdict.MESSAGE,
    "InvalidParameterValue.ContentLengthLimit": Verdict.MESSAGE,
    "InvalidParameterValue.TemplateParameterLengthLimit": Verdict.MESSAGE,
    "LimitExceeded.PhoneNumberDailyLimit": Verdict.MESSAGE,
    "LimitExceeded.PhoneNumberOneHourLimit": Verdict.MESSAGE,
    "LimitExceeded.PhoneNumberThirtySecondLimit": Verdict.MESSAGE,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": Verdict.MESSAGE,
    "LimitExceeded.PhoneNumberCountLimit": Verdict.MESSAGE,
    "FailedOperation.InsufficientBalanceInSmsPackage": Verdict.ACCOUNT,
    "FailedOperation.SignatureIncorrectOrUnapproved": Verdict.ACCOUNT,
    "FailedOperation.TemplateIncorrectOrUnapproved": Verdict.ACCOUNT,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": Verdict.ACCOUNT,
    "LimitExceeded.AppDailyLimit": Verdict.ACCOUNT,
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": Verdict.ACCOUNT,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Verdict.ACCOUNT,
    "AuthFailure.SignatureFailure": Verdict.ACCOUNT,
    "AuthFailure.SecretIdNotFound": Verdict.ACCOUNT,
}


def of_alibaba(code: str) -> Verdict:
    return Verdict.LATER if code.startswith("Throttling") else ALIBABA.get(code, Verdict.ACCOUNT)


def of_tencent(code: str) -> Verdict:
    return TENCENT.get(code, Verdict.ACCOUNT)
